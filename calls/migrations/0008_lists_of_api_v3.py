from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the indexes are made while the service writes

    dependencies = [
        ("calls", "0007_tag_active_and_created_at"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("spam", False)),
                fields=["company", "-start_time", "-id"],
                include=(
                    "direction", "answered_at", "ended_at", "voicemail", "abandoned", "duration", "lead_status",
                    "person", "tracker", "source", "device_type",
                ),
                name="call_listed",
            ),
        ),
        AddIndexConcurrently(
            model_name="person",
            index=models.Index(fields=["company", "-created_at", "-id"], name="person_of_company"),
        ),
    ]
