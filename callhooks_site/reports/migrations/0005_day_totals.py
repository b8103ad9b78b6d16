import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# The days of the rows that a statement added or took away are summed anew. A loop, so that each day is read by the index.
FUNCTION = """
CREATE FUNCTION reports_sum_days() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT DISTINCT company_id, day FROM some_days ORDER BY company_id, day LOOP
        DELETE FROM reports_daytotal WHERE company_id = one.company_id AND day = one.day;
        INSERT INTO reports_daytotal ({names}) {sums}
         WHERE d.company_id = one.company_id AND d.day = one.day GROUP BY d.company_id, d.day, d.kind
            ON CONFLICT (company_id, day, kind) DO UPDATE SET {changed};
    END LOOP;
    RETURN NULL;
END
$function$;
"""
# They wait for the counting that is under way, and it for them and for the sums below: nobody else writes there.
TRIGGERS = """
CREATE TRIGGER reports_days_inserted AFTER INSERT ON reports_sourceday
    REFERENCING NEW TABLE AS some_days FOR EACH STATEMENT EXECUTE FUNCTION reports_sum_days();
CREATE TRIGGER reports_days_deleted AFTER DELETE ON reports_sourceday
    REFERENCING OLD TABLE AS some_days FOR EACH STATEMENT EXECUTE FUNCTION reports_sum_days();
"""
NO_TRIGGERS = """
DROP TRIGGER IF EXISTS reports_days_inserted ON reports_sourceday;
DROP TRIGGER IF EXISTS reports_days_deleted ON reports_sourceday;
DROP FUNCTION IF EXISTS reports_sum_days();
"""
_SUMMED = "total outbound answered voicemail abandoned first_time good_leads value seconds_to_answer".split()
_NAMES = ["company_id", "day", "kind", *_SUMMED, "hours", "answered_hours"]


def _hours(column: str) -> str:
    return f"ARRAY[{', '.join(f'sum(d.{column}[{hour}])' for hour in range(1, 25))}]::int[]"


_SUMS = ", ".join([*(f"sum(d.{name})" for name in _SUMMED), _hours("hours"), _hours("answered_hours")])
SUMS = f"SELECT d.company_id, d.day, d.kind, {_SUMS} FROM reports_sourceday d"
NAMES = ", ".join(_NAMES)
CHANGED = ", ".join(f"{name} = excluded.{name}" for name in _NAMES)
FILL = f"INSERT INTO reports_daytotal ({NAMES}) {SUMS} GROUP BY d.company_id, d.day, d.kind"


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_what_else_marks_calls")]
    safe_because = (
        "whatever code counts a day or deletes a company, the triggers write the new table; until they are there, "
        "counting in the background waits, and nobody else writes to reports_sourceday"
    )

    operations = [
        migrations.CreateModel(
            name="DayTotal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "kind",
                    models.CharField(choices=[("call", "Calls"), ("text", "Texts"), ("form", "Forms")], max_length=4),
                ),
                ("total", models.PositiveIntegerField()),
                ("outbound", models.PositiveIntegerField()),
                ("answered", models.PositiveIntegerField()),
                ("voicemail", models.PositiveIntegerField()),
                ("abandoned", models.PositiveIntegerField()),
                ("first_time", models.PositiveIntegerField()),
                ("good_leads", models.PositiveIntegerField()),
                ("value", models.DecimalField(decimal_places=2, max_digits=16)),
                ("seconds_to_answer", models.BigIntegerField()),
                (
                    "hours",
                    django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), size=24),
                ),
                (
                    "answered_hours",
                    django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), size=24),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="subscriptions.company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("company", "day", "kind"), name="day_total_of_kind"),
                ],
            },
        ),
        migrations.RunSQL(FUNCTION.format(names=NAMES, sums=SUMS, changed=CHANGED) + TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
