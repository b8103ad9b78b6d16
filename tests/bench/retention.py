"""What it costs to give back the oldest day of a large log: as retention does it, and with attempts in partitions."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.bench.options import Options
from tests.bench.report import Report
from tests.bench.retention_data import DAYS, Log, make_log
from tests.bench.retention_layouts import READ_DAY, TABLE, Layout, Partitioned, Today, delete_events
from tests.bench.retention_load import RATE, Load
from tests.bench.workspace import Workspace, use

SIZE = 1_000_000
SECONDS = 10.0  # of the load alone
ASKED = 30  # times each query
MB = 2**20
Watch = psycopg.Connection[tuple[Any, ...]]

# Of the engine and its pages. `first` and `behind`: attempts of a day in the middle, with ids as their deliveries.
QUERIES = {
    "page": f"SELECT * FROM {TABLE} WHERE delivery_id = {{one}} ORDER BY number DESC LIMIT 25",
    "by_id": f"SELECT * FROM {TABLE} WHERE id = {{one}}",
    "newest": f"SELECT id, delivery_id, url FROM {TABLE} ORDER BY id DESC LIMIT 300",
    "counted": f"SELECT count(*) FROM {TABLE} WHERE id > {{one}} AND id <= {{one}} + 1000",
}
_SIZES = f"""
SELECT sum(pg_table_size(relid))::float8, sum(pg_indexes_size(relid))::float8
  FROM (SELECT '{TABLE}'::regclass AS relid UNION SELECT relid FROM pg_partition_tree('{TABLE}')) every
"""


def run(workspace: Workspace, options: Options) -> Report:
    from django.db import connection

    layouts: list[Layout] = [Today(), Partitioned("by_day", "started_at"), Partitioned("by_delivery", "delivery_id")]
    database = workspace.database("log")
    use(database)
    figures: dict[str, object] = {}
    log = make_log(options.size or SIZE, deleted_days=len(layouts))
    with workspace.connection(database) as watch, workspace.connection(database) as writer:
        for day, layout in enumerate(layouts):
            began = time.monotonic()
            layout.make(log, day)
            made = time.monotonic() - began
            figures[layout.name] = _measure(layout, log, day, watch, writer, options.seconds or SECONDS)
            figures[layout.name] |= {"made_in_s": made}  # type: ignore[operator]
    connection.close()
    use(workspace.template)
    workspace.databases.drop(database)
    return Report(
        "retention",
        f"{log.last} attempts of {len(log.companies)} companies in {DAYS} days, of which the "
        f"oldest is given back while {RATE:g} attempts a second are written",
        figures,
    )


def _measure(layout: Layout, log: Log, day: int, watch: Watch, writer: Watch, seconds: float) -> dict[str, object]:
    watch.execute("CHECKPOINT")
    with Load(writer, log.young) as quiet:
        written = _written(watch, lambda: time.sleep(seconds))
    found: dict[str, object] = {"queries_ms": _ask(watch, log), "load_alone": quiet.figures()}
    heap, indexes = _sizes(watch)
    day_mb = _day_mb(watch, log, day)
    parts: dict[str, float] = {}
    with Load(writer, log.young) as beside:
        began = time.monotonic()
        wal = _written(watch, lambda: parts.update(layout.give_back(log, day)))
        took = time.monotonic() - began
    with Load(writer, log.young) as vacuumed:
        began = time.monotonic()
        vacuum_wal = _written(watch, lambda: watch.execute(f"VACUUM {TABLE}"))
        vacuum = time.monotonic() - began
    after, indexes_after = _sizes(watch)
    return found | {
        "seconds": took,
        "seconds_of": parts,
        "wal_mb": max(0.0, wal - written / seconds * took),
        "load_beside": beside.figures(),
        "table_mb": heap,
        "index_mb": indexes,
        "day_mb": day_mb,
        "vacuum_s": vacuum,
        "vacuum_wal_mb": max(0.0, vacuum_wal - written / seconds * vacuum),
        "load_beside_vacuum": vacuumed.figures(),
        "events_s": delete_events(log, day),
        "given_back_mb": heap - after + indexes - indexes_after,
    }


def _written(watch: Watch, do: Callable[[], object]) -> float:
    """MB of WAL meanwhile, of everybody."""
    before = _value(watch, "SELECT pg_current_wal_insert_lsn()")
    do()
    return float(_value(watch, f"SELECT pg_current_wal_insert_lsn() - '{before}'::pg_lsn")) / MB


def _sizes(watch: Watch) -> tuple[float, float]:
    row = watch.execute(_SIZES).fetchone()
    assert row is not None
    return row[0] / MB, row[1] / MB


def _day_mb(watch: Watch, log: Log, day: int) -> float:
    """What the rows of the day take: by so much a table is too large until new rows come."""
    first, behind = log.rows(day)
    statement = (
        f"SELECT sum(pg_column_size(a.*))::float8 FROM {TABLE} a WHERE delivery_id BETWEEN {first} AND {behind - 1}"
    )
    return float(_value(watch, statement)) / MB


def _ask(watch: Watch, log: Log) -> dict[str, dict[str, float]]:
    """Medians of planning and of running."""
    answer: dict[str, dict[str, float]] = {}
    first, behind = log.rows(READ_DAY)
    for name, query in QUERIES.items():
        plans = []
        for _ in range(ASKED):
            asked = query.format(one=random.randrange(first, behind))
            plans.append(
                json.loads(json.dumps(_value(watch, f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {asked}")))[0]
            )
        answer[name] = {
            "planning": statistics.median(plan["Planning Time"] for plan in plans),
            "running": statistics.median(plan["Execution Time"] for plan in plans),
        }
    return answer


def _value(watch: Watch, statement: str) -> Any:
    row = watch.execute(statement).fetchone()
    assert row is not None
    return row[0]
