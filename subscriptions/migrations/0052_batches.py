import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0051_feed_consumer_heard")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="batch",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="batch",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (0, "In a request of its own"),
                    (1, "With others"),
                    (2, "With others, as CloudEvents"),
                ],
                db_default=0,
                default=0,
                editable=False,
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="batch_events",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Several events in one request, as a list, for a server that is paid by the request: 2 to "
                "100 at most. Empty: each event has a request of its own.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(2),
                    django.core.validators.MaxValueValidator(100),
                ],
                verbose_name="events in one request",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="batch_seconds",
            field=models.PositiveSmallIntegerField(
                db_default=10,
                default=10,
                help_text="How long an event waits for others to go with it: 1 to 60 seconds, or until there are as "
                "many as may go.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(60),
                ],
                verbose_name="wait for others, seconds",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="batch_lines",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="One event per line (application/x-ndjson) in the place of a JSON list.",
                verbose_name="as JSON Lines",
            ),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="rate_per_minute",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Requests. Empty: as fast as your server answers.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="at most per minute",
            ),
        ),
    ]
