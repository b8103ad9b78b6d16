import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """The row is written by the first start, not here: a database may be made from a migrated template."""

    dependencies = [("subscriptions", "0056_counted_values")]

    operations = [
        migrations.CreateModel(
            name="DatabaseIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("system_identifier", models.BigIntegerField()),
                ("database_oid", models.BigIntegerField()),
                ("timeline", models.BigIntegerField()),
                ("address", models.CharField(max_length=255)),
                ("released_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
    ]
