import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """A new table: nothing of the running version is touched."""

    dependencies = [("subscriptions", "0055_past_events")]

    operations = [
        migrations.CreateModel(
            name="CountedValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                (
                    "labels",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), size=None),
                ),
                ("values", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "labels"), name="counted_once")],
            },
        ),
        # Some rows, written every few seconds by each process: no write to the disk, and dead versions go at once.
        migrations.RunSQL("ALTER TABLE subscriptions_countedvalue SET UNLOGGED", migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE subscriptions_countedvalue SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, "
            "autovacuum_vacuum_threshold = 500)",
            migrations.RunSQL.noop,
        ),
    ]
