from __future__ import annotations

from django.db import migrations, models


INDEX = "calls_person_company_id_1695d7f4"


class Migration(migrations.Migration):
    """`person_of_company` begins with the company as well."""

    atomic = False  # the index goes while the service writes
    safe_because = "only an index goes"

    dependencies = [("calls", "0018_spoken_with")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Django would make the foreign key anew, and check every row of it under a lock.
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX CONCURRENTLY IF EXISTS "{INDEX}"',
                    [
                        f'DROP INDEX CONCURRENTLY IF EXISTS "{INDEX}"',  # one that was not finished
                        f'CREATE INDEX CONCURRENTLY "{INDEX}" ON "calls_person" ("company_id")',
                    ],
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    "person",
                    "company",
                    models.ForeignKey("subscriptions.company", models.PROTECT, related_name="people", db_index=False),
                ),
            ],
        ),
    ]
