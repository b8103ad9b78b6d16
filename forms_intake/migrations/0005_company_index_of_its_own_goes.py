from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index goes while the service writes

    dependencies = [
        ("forms_intake", "0004_search_by_external_id"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Django would make the foreign key anew, and check every row of it under a lock.
            database_operations=[
                migrations.RunSQL(
                    'DROP INDEX CONCURRENTLY IF EXISTS "forms_intake_formsubmission_company_id_0dc79d38"',
                    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "forms_intake_formsubmission_company_id_0dc79d38" ON "forms_intake_formsubmission" ("company_id")',
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="formsubmission",
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
