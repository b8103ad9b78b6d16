import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

KEY = "calls_person_merged_into_id_fk"


class Migration(migrations.Migration):
    # Nothing is locked for long: a column without values, a key that is checked without keeping writers out, and an
    # index that is made while the service writes.
    atomic = False

    dependencies = [
        ("calls", "0012_senders_without_numbers"),
        ("subscriptions", "0037_country"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE calls_person ADD COLUMN merged_into_id bigint NULL",
                    "ALTER TABLE calls_person DROP COLUMN merged_into_id",
                ),
                migrations.RunSQL(
                    f"ALTER TABLE calls_person ADD CONSTRAINT {KEY} FOREIGN KEY (merged_into_id) "
                    "REFERENCES calls_person (id) DEFERRABLE INITIALLY DEFERRED NOT VALID",
                    migrations.RunSQL.noop,
                ),
                migrations.RunSQL(f"ALTER TABLE calls_person VALIDATE CONSTRAINT {KEY}", migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="person",
                    name="merged_into",
                    field=models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_rows",
                        to="calls.person",
                    ),
                ),
            ],
        ),
        AddIndexConcurrently(
            model_name="person",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="person_merged"
            ),
        ),
        migrations.CreateModel(
            name="PersonMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "moved",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("said", "Merged by a person"),
                            ("together", "A number and an address that came in together"),
                        ],
                        max_length=10,
                    ),
                ),
                ("made_by", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.Now())),
                ("undone_by", models.CharField(blank=True, max_length=200)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="person_merges",
                        to="subscriptions.company",
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges",
                        to="calls.person",
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="calls.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("undone_at", None)), fields=["kept"], name="merge_kept"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)), fields=("merged",), name="person_merged_once"
                    ),
                ],
            },
        ),
    ]
