from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0024_failing_days")]
    operations = [
        migrations.AddField(
            "endpointhealth", "forward_mode", models.PositiveSmallIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("endpointhealth", "forward_batch", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AddField("endpointhealth", "forward_began_at", models.DateTimeField(null=True)),
        migrations.AddField("endpointhealth", "forward_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "delivery", "forwarded", models.BooleanField(db_default=False, default=False, editable=False)
        ),
    ]
