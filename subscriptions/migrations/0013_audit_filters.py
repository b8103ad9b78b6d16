from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the indexes are made while the service writes

    dependencies = [
        ("subscriptions", "0012_operator_keys"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index("company", "user", models.F("at").desc(), name="audit_by_user"),
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index("company", "act", models.F("at").desc(), name="audit_by_act"),
        ),
    ]
