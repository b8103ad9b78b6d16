from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("subscriptions", "0025_bring_forward")]
    operations = [
        AddIndexConcurrently(
            "endpointhealth",
            models.Index("forward_at", condition=models.Q(forward_at__isnull=False), name="endpoint_forward"),
        ),
    ]
