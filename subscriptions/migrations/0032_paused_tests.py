from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("subscriptions", "0031_conditions")]
    operations = [
        migrations.AlterField(
            "delivery",
            "stage",
            models.PositiveSmallIntegerField(
                choices=[(0, "Scheduled"), (1, "Available"), (2, "Parked"), (3, "Test to a paused subscription")],
                db_default=0,
                default=0,
                editable=False,
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index("id", condition=models.Q(state="pending", stage=3), name="delivery_paused_test"),
        ),
    ]
