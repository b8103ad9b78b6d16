from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("calls", "0003_call_closed_silent_at"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index("external_id", condition=~models.Q(external_id=""), name="call_external_id"),
        ),
    ]
