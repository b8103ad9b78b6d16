from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("subscriptions", "0044_feed"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="event",
            index=models.Index("company", "position", "id", name="event_of_feed"),
        ),
    ]
