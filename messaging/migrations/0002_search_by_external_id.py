from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("messaging", "0001_initial"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="textmessage",
            index=models.Index("external_id", condition=~models.Q(external_id=""), name="text_external_id"),
        ),
    ]
