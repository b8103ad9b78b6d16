from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("forms_intake", "0003_no_schedule_of_its_own"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="formsubmission",
            index=models.Index("external_id", condition=~models.Q(external_id=""), name="form_external_id"),
        ),
    ]
