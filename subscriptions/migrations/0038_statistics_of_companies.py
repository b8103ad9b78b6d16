"""Sums of the hourly statistics by company and for the service, so that pages for many companies read few rows.

A trigger keeps them, so that a worker of the version before, which still counts, keeps them too. The first sums are
made here. Meanwhile the table of hourly statistics takes no new rows: the sweep counts them afterwards. Some ten seconds
with ten million rows; nothing else waits.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

STEPS = 17  # of `statistics.BOUNDS`, and the one above them
_SUMS = ", ".join(f"sum(sign * latency[{step}])::int" for step in range(1, STEPS + 1))
_COLUMNS = f"sum(sign * delivered)::int, sum(sign * failed)::int, sum(sign * retried)::int, ARRAY[{_SUMS}]"
_NAMES = "delivered, failed, retried, latency"
_ADD = """
    delivered = t.delivered + excluded.delivered, failed = t.failed + excluded.failed,
    retried = t.retried + excluded.retried,
    latency = ARRAY(SELECT x + y FROM unnest(t.latency, excluded.latency) WITH ORDINALITY AS s (x, y, n) ORDER BY n)
"""


def _write(rows: str) -> str:
    return f"""
    INSERT INTO subscriptions_companyhour AS t (company_id, hour, {_NAMES})
    SELECT company_id, hour, {_COLUMNS} FROM ({rows}) changed GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (company_id, hour) DO UPDATE SET {_ADD};
    INSERT INTO subscriptions_servicehour AS t (hour, {_NAMES})
    SELECT hour, {_COLUMNS} FROM ({rows}) changed GROUP BY 1 ORDER BY 1
        ON CONFLICT (hour) DO UPDATE SET {_ADD};
    """


def _rows(table: str, sign: int) -> str:
    return f"SELECT company_id, hour, {_NAMES}, {sign} AS sign FROM {table}"


CREATE = f"""
CREATE FUNCTION subscriptions_sum_figures() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_write(_rows("new_rows", 1))}
    ELSE
        {_write(f'{_rows("new_rows", 1)} UNION ALL {_rows("old_rows", -1)}')}
    END IF;
    RETURN NULL;
END
$function$;
CREATE TRIGGER subscriptions_figures_inserted AFTER INSERT ON subscriptions_hourlyfigures
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION subscriptions_sum_figures();
CREATE TRIGGER subscriptions_figures_updated AFTER UPDATE ON subscriptions_hourlyfigures
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION subscriptions_sum_figures();
{_write(_rows("subscriptions_hourlyfigures", 1))}
"""
DROP = """
DROP TRIGGER subscriptions_figures_inserted ON subscriptions_hourlyfigures;
DROP TRIGGER subscriptions_figures_updated ON subscriptions_hourlyfigures;
DROP FUNCTION subscriptions_sum_figures;
"""


def _sums() -> list[tuple[str, models.Field]]:
    return [
        ("delivered", models.PositiveIntegerField()),
        ("failed", models.PositiveIntegerField()),
        ("retried", models.PositiveIntegerField()),
        ("latency", django.contrib.postgres.fields.ArrayField(models.PositiveIntegerField())),
    ]


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0037_country")]
    operations = [
        migrations.CreateModel(
            name="CompanyStatistics",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                *_sums(),
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
                "db_table": "subscriptions_companyhour",
                "indexes": [models.Index("hour", name="companyhour_of_hour")],
                "constraints": [models.UniqueConstraint(fields=("company", "hour"), name="company_once_an_hour")],
            },
        ),
        migrations.CreateModel(
            name="ServiceStatistics",
            fields=[("hour", models.DateTimeField(primary_key=True, serialize=False)), *_sums()],
            options={"db_table": "subscriptions_servicehour"},
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
