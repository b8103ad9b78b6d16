from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [("calls", "0014_visits")]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("lead_status", "good_lead")),
                fields=["person", "start_time", "id"],
                name="call_good_lead_of_person",
            ),
        ),
    ]
