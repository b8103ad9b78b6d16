from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [("calls", "0017_search_index")]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(
                    ("direction", "outbound"), models.Q(("answered_at__isnull", False), ("voicemail", False)), _connector="OR"
                ),
                fields=["person", "start_time"],
                name="call_spoken_with_person",
            ),
        ),
    ]
