from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Which table the row of the database's identity was written into: a dump that is restored over the same database
    makes another one."""

    dependencies = [("subscriptions", "0060_send_traceparent")]

    operations = [migrations.AddField("databaseidentity", "table_oid", models.BigIntegerField(null=True))]
