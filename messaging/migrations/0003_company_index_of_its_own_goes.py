from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index goes while the service writes

    dependencies = [
        ("messaging", "0002_search_by_external_id"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Django would make the foreign key anew, and check every row of it under a lock.
            database_operations=[
                migrations.RunSQL(
                    'DROP INDEX CONCURRENTLY IF EXISTS "messaging_textmessage_company_id_9746b085"',
                    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "messaging_textmessage_company_id_9746b085" ON "messaging_textmessage" ("company_id")',
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="textmessage",
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
