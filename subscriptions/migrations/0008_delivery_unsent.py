from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The index of what was not sent, now in order: batches of held rows are taken oldest first, without a sort."""

    atomic = False  # an index on a busy table is built beside the work that goes on
    dependencies = [
        ("subscriptions", "0007_releasing"),
    ]
    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                models.F("subscription"),
                models.F("state"),
                models.F("id"),
                condition=models.Q(("state__in", ["failed", "held"])),
                name="delivery_unsent",
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_not_sent"),
    ]
