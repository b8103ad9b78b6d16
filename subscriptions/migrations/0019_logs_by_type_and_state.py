from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the indexes are made while the service writes

    dependencies = [
        ("subscriptions", "0018_hourly_figures"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                "company",
                "type",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="event_of_type",
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                "company",
                "state",
                models.F("created_at").desc(),
                models.F("id").desc(),
                condition=models.Q(state__in=["failed", "held", "cancelled"]),
                name="delivery_unsent_of_company",
            ),
        ),
    ]
