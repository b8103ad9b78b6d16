"""What an operator should know of the read replica before reports are read there.

Nothing of it stops the service: pages ask the primary then (`subscriptions/replica`). One that cannot be reached is no
finding, as in `findings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg

from .findings import OLDEST, Finding
from .replica_state import BY_ADDRESS, BY_SYSTEM, Lateness, Primary, Queries, Replica
from .sessions import NoAnswer, Refused, Session


def inspect_replica(database: Mapping[str, Any], primary: Mapping[str, Any], most: float) -> list[Finding]:
    """Both as in DATABASES. `most`: seconds that the replica may be late."""
    try:
        with closing(Session(primary)) as ours, closing(Session(database)) as theirs:
            if theirs.version // 10_000 < OLDEST:
                return [_not_ours(f"PostgreSQL {theirs.version // 10_000}, which is too old for Callhooks")]
            try:
                return _compare(ours, theirs, BY_SYSTEM, most)
            except Refused:  # a managed server may show nobody its identifier
                return _compare(ours, theirs, BY_ADDRESS, most)
    except (psycopg.Error, NoAnswer):
        return []


def _compare(ours: Session, theirs: Session, queries: Queries, most: float) -> list[Finding]:
    primary = Primary.read(ours.ask(queries.primary))
    replica = Replica.read(theirs.ask(queries.replica))
    if primary.identity != replica.identity:
        return [_not_ours("another database, which does not follow ours")]
    if not replica.recovering:
        return [_not_ours("a server that takes writes: the primary itself, or a standby that was promoted")]
    late = Lateness(0).seconds(primary, replica)
    if late is not None and late > most:
        return [
            Finding(
                "late replica",
                f"The replica of DATABASE_REPLICA_URL is up to {late:.0f} seconds late, and "
                f"DATABASE_REPLICA_LAG_SECONDS allows {most:g}: reports are read from the primary meanwhile. See "
                "whether it receives and replays (pg_stat_replication on the primary).",
                fatal=False,
            )
        ]
    return []


def _not_ours(what: str) -> Finding:
    return Finding(
        "no replica",
        f"DATABASE_REPLICA_URL leads to {what}. Reports are read from the primary. Name a streaming standby of the "
        "server in DATABASE_URL, or remove the setting.",
        fatal=True,
    )
