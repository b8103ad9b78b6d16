"""Is this database a copy? A copy is quiet: it sends nothing until an operator releases it (`manage.py release`).

The database that may send is described by one row, `DatabaseIdentity`. A copy brings the row along and differs:

| made by | differs in |
|---|---|
| a dump, restored into another server; pg_upgrade | the system identifier |
| a dump, restored into the same server; a template | the database's oid |
| a dump, restored into the same database by pg_restore --clean or after DROP SCHEMA | the oid of the row's table |
| base backup and archive to a point in time; a promoted standby | the timeline |
| the files, or a snapshot of the disk | nothing: only `PUBLIC_URL` tells, where it is another one |

A table keeps its oid while it lives: VACUUM FULL, CLUSTER, REINDEX, TRUNCATE, ALTER TABLE and pg_repack give it other
files, not another oid, and pg_upgrade takes the oids along.

A promoted standby is no copy but goes on. Where `DATABASE_FAILOVER_SECONDS` is set, a new timeline alone is taken for
one if a drain worked that shortly before.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import NotSupportedError, ProgrammingError, connection, transaction
from django.db.models.functions import Now

from ..models import DatabaseIdentity

logger = logging.getLogger(__name__)

WHAT_TO_DO = (
    "If it shall send from now on, and the database that it is a copy of sends no more, run: manage.py release. "
    "For a test copy: manage.py release --pause, which pauses all subscriptions first."
)
# pg_control_checkpoint() would name the timeline of the last checkpoint: it is late after a promotion.
_SERVER = """
(SELECT system_identifier FROM pg_control_system()),
CASE WHEN pg_is_in_recovery() THEN 0
     ELSE ('x' || lpad(left(pg_walfile_name(pg_current_wal_lsn()), 8), 16, '0'))::bit(64)::bigint END
"""
_LOOK = """
SELECT {server}, d.oid::bigint, 'subscriptions_databaseidentity'::regclass::oid::bigint,
       w.system_identifier, w.timeline, w.database_oid, w.table_oid, w.address,
       (SELECT extract(epoch FROM clock_timestamp() - max(beat_at))::float8 FROM subscriptions_drainslot)
  FROM pg_database d LEFT JOIN subscriptions_databaseidentity w ON w.id = 1 WHERE d.datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Identity:
    system_identifier: int
    timeline: int
    database_oid: int
    table_oid: int | None  # None: written by a release that did not ask
    address: str


@dataclass(frozen=True, slots=True)
class Look:
    """`now`: of the database and the settings as they are. `written`: the one that may send; None before the first
    start. `beat`: seconds since a drain worked; None: none ever did."""

    now: Identity
    written: Identity | None
    beat: float | None


def look() -> Look:
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(_LOOK.format(server=_SERVER))
        except (ProgrammingError, NotSupportedError):  # a managed database may forbid it; the rest still tells
            cursor.execute(_LOOK.format(server="0, 0"))
        server, timeline, database, table, *written, beat = cursor.fetchone()
    known = Identity(*written) if written[0] is not None else None
    return Look(Identity(server, timeline, database, table, _address()), known, beat)


def explain() -> str:
    """Why nothing is sent, and what to do, in words; empty when this database may send. Writes nothing."""
    return _judge(look())


def settle() -> str:
    """The same, for those who send, before they do. Writes the row at the first start and after a failover."""
    seen = look()
    why = _judge(seen)
    if seen.written is None:
        DatabaseIdentity.objects.bulk_create([DatabaseIdentity(pk=1, **asdict(seen.now))], ignore_conflicts=True)
    elif not why and seen.written != seen.now:
        old, new = seen.written.timeline, seen.now.timeline
        DatabaseIdentity.objects.filter(pk=1, timeline=old).update(timeline=new, table_oid=seen.now.table_oid)
        if old != new:
            logger.warning("A standby was promoted: timeline %s follows %s.", new, old)
    return why


def release() -> None:
    """From now on this database may send."""
    DatabaseIdentity.objects.update_or_create(pk=1, defaults={**asdict(look().now), "released_at": Now()})


def _judge(seen: Look) -> str:
    now, written = seen.now, seen.written
    if written is None:
        return ""
    if written.system_identifier != now.system_identifier:
        how = "it is in another database server than the one that was released"
    elif written.database_oid != now.database_oid:
        how = "it was restored into another database of the server"
    elif written.table_oid not in (None, now.table_oid):
        how = "its tables were dropped and restored from a dump (as pg_restore --clean does)"
    elif written.address != now.address:
        how = f"the host of PUBLIC_URL was {written.address} and is {now.address}"
    elif written.timeline == now.timeline or _is_failover(seen.beat):
        return ""
    else:
        how = (
            f"its server was recovered to a point in time, or a standby was promoted (timeline {written.timeline}, "
            f"now {now.timeline})"
        )
    return f"This database is a copy, so nothing is sent: {how}. {WHAT_TO_DO}"


def _is_failover(beat: float | None) -> bool:
    limit: float = settings.DATABASE_FAILOVER_SECONDS
    return limit > 0 and beat is not None and beat <= limit


def _address() -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    # In development it is any of these; `environment.check_debug_is_local` knows them.
    return "localhost" if host.endswith("localhost") or host.startswith("127.") or host == "::1" else host
