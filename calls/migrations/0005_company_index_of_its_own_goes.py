from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index goes while the service writes

    dependencies = [
        ("calls", "0004_search_by_external_id"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Django would make the foreign key anew, and check every row of it under a lock.
            database_operations=[
                migrations.RunSQL(
                    'DROP INDEX CONCURRENTLY IF EXISTS "calls_call_company_id_63b74f06"',
                    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "calls_call_company_id_63b74f06" ON "calls_call" ("company_id")',
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="call",
                    name="company",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="subscriptions.company",
                    ),
                ),
            ],
        ),
    ]
