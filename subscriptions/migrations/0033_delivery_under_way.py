from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("subscriptions", "0032_paused_tests"),
    ]
    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                "subscription",
                "due_at",
                condition=models.Q(("claim__isnull", False)),
                name="delivery_under_way",
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_in_flight"),
    ]
