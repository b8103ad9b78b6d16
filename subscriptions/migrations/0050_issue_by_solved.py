from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("subscriptions", "0049_manifests"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="endpointissue",
            index=models.Index(
                "solved_at", condition=models.Q(solved_at__isnull=False), name="issue_by_solved"
            ),
        ),
    ]
