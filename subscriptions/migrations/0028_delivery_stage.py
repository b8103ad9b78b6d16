import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0027_payload_version"),
    ]
    operations = [
        migrations.AddField(
            model_name="delivery",
            name="stage",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "Scheduled"), (1, "Available"), (2, "Parked")], db_default=0, default=0, editable=False
            ),
        ),
        migrations.CreateModel(
            name="EndpointQueue",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="queue",
                        serialize=False,
                        to="subscriptions.subscription",
                    ),
                ),
                ("ready_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
