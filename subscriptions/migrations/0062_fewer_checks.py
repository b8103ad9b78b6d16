from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import migrations, models

# PostgreSQL reads the text of each CHECK anew with each statement that writes a row. These numbers are written by the
# engine's own statements alone, which count up from 0.
CHECKED = {
    "subscriptions_attempt": ["duration_ms", "number", "status_code"],
    "subscriptions_delivery": ["attempts", "batch", "lane", "round_began_after", "stage", "status_code"],
    "subscriptions_event": ["fan_out", "sequence"],
    "subscriptions_eventstream": ["last_sequence"],
}
LIKE = "subscriptions_eventstream_subject_id_69a368bb_like"
STAGES = [(0, "Scheduled"), (1, "Available"), (2, "Parked"), (3, "Test to a paused subscription")]
LANES = [(0, "First try"), (1, "Retry or resend")]
BATCHES = [(0, "In a request of its own"), (1, "With others"), (2, "With others, as CloudEvents")]


# An ALTER waits for whoever reads the table, such as a dump, and everybody else waits behind it: not for longer than this.
# Then the migration fails, and is run again.
PATIENCE = ("SET lock_timeout = '5s'", "SET lock_timeout = DEFAULT")


def _drop(table: str, columns: list[str]) -> migrations.RunSQL:
    """One ALTER in a transaction of its own: its lock is never held with that of another table."""
    names = {column: f"{table}_{column}_check" for column in columns}
    drops = [f'DROP CONSTRAINT IF EXISTS "{name}"' for name in names.values()]
    adds = [f'ADD CONSTRAINT "{name}" CHECK ("{column}" >= 0) NOT VALID' for column, name in names.items()]
    return migrations.RunSQL(
        [PATIENCE[0], f'ALTER TABLE "{table}" {", ".join(drops)}', PATIENCE[1]],
        [PATIENCE[0], f'ALTER TABLE "{table}" {", ".join(drops + adds)}', PATIENCE[1]],
    )


class Migration(migrations.Migration):
    """The engine's numbers without a CHECK that they are not negative, and the streams without the index for LIKE that
    nobody uses."""

    atomic = False
    safe_because = "the columns stay as they are, and old code writes no negative numbers"

    dependencies = [("subscriptions", "0061_identity_of_the_table")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[_drop(table, columns) for table, columns in CHECKED.items()],
            state_operations=[
                migrations.AlterField("attempt", "duration_ms", models.IntegerField(null=True, validators=[MinValueValidator(0)])),
                migrations.AlterField("attempt", "number", models.IntegerField(validators=[MinValueValidator(0)])),
                migrations.AlterField("attempt", "status_code", models.SmallIntegerField(null=True, validators=[MinValueValidator(0)])),
                migrations.AlterField("delivery", "attempts", models.IntegerField(db_default=0, default=0)),
                migrations.AlterField(
                    "delivery",
                    "batch",
                    models.SmallIntegerField(choices=BATCHES, db_default=0, default=0, editable=False),
                ),
                migrations.AlterField(
                    "delivery", "lane", models.SmallIntegerField(choices=LANES, db_default=0, default=0)
                ),
                migrations.AlterField("delivery", "round_began_after", models.IntegerField(db_default=0, default=0)),
                migrations.AlterField(
                    "delivery",
                    "stage",
                    models.SmallIntegerField(choices=STAGES, db_default=0, default=0, editable=False),
                ),
                migrations.AlterField("delivery", "status_code", models.SmallIntegerField(null=True, validators=[MinValueValidator(0)])),
                migrations.AlterField("event", "fan_out", models.IntegerField(db_default=0, default=0)),
                migrations.AlterField("event", "sequence", models.IntegerField(validators=[MinValueValidator(0)])),
                migrations.AlterField("eventstream", "last_sequence", models.IntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(
            f'DROP INDEX CONCURRENTLY IF EXISTS "{LIKE}"',
            [
                f'DROP INDEX CONCURRENTLY IF EXISTS "{LIKE}"',  # one that was not finished
                f'CREATE INDEX CONCURRENTLY "{LIKE}" ON "subscriptions_eventstream" ("subject_id" varchar_pattern_ops)',
            ],
        ),
    ]
