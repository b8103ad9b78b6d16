from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [("subscriptions", "0052_batches")]

    operations = [
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index("batch", condition=models.Q(batch__isnull=False), name="attempt_of_batch"),
        ),
    ]
