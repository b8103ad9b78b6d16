"""How late a read replica is, and whether it is one of our database: from one look at each of the two servers.

Positions in the write-ahead log are bytes since its beginning. Times are of the primary's clock alone, so clocks that
differ do not matter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

# What is the same for a database and its replicas, and for no other. Some managed servers let nobody read the system's
# identifier; then the installation's address tells, which `maintenance/copies.py` writes.
_SYSTEM = "(SELECT system_identifier::text FROM pg_control_system())"
_ADDRESS = "coalesce((SELECT address FROM subscriptions_databaseidentity WHERE id = 1), '')"
_DATABASE = "(SELECT oid::text FROM pg_database WHERE datname = current_database())"
_PRIMARY = """
SELECT (pg_current_wal_lsn() - '0/0')::text, extract(epoch FROM clock_timestamp())::text, {system} || '/' || {database}
"""
_REPLICA = """
SELECT pg_is_in_recovery()::int::text, coalesce((pg_last_wal_replay_lsn() - '0/0')::text, ''),
       coalesce(extract(epoch FROM pg_last_xact_replay_timestamp())::text, ''), {system} || '/' || {database}
"""


class Queries(NamedTuple):
    """One row of texts each, for `Primary.read` and `Replica.read`."""

    primary: str
    replica: str


BY_SYSTEM = Queries(*(query.format(system=_SYSTEM, database=_DATABASE) for query in (_PRIMARY, _REPLICA)))
BY_ADDRESS = Queries(*(query.format(system=_ADDRESS, database=_DATABASE) for query in (_PRIMARY, _REPLICA)))


@dataclass(frozen=True, slots=True)
class Primary:
    """`position`: written so far. `at`: seconds since 1970 by its clock."""

    position: int
    at: float
    identity: str

    @classmethod
    def read(cls, row: Sequence[str]) -> Primary:
        position, at, identity = row
        return cls(int(position), float(at), identity)


@dataclass(frozen=True, slots=True)
class Replica:
    """`position`: replayed so far. `committed_at`: when the last transaction that it replayed was committed, by the
    primary's clock; None if it has replayed none since it started."""

    recovering: bool
    position: int | None
    committed_at: float | None
    identity: str

    @classmethod
    def read(cls, row: Sequence[str]) -> Replica:
        recovering, position, committed_at, identity = row
        return cls(
            recovering == "1",
            int(position) if position else None,
            float(committed_at) if committed_at else None,
            identity,
        )


@dataclass(slots=True)
class Lateness:
    """Remembers where the primary was at each look, for `kept` seconds.

    The replica's own figures do not tell: one whose connection is cut has replayed all that it received."""

    kept: float
    _looks: deque[Primary] = field(default_factory=deque)

    def seconds(self, primary: Primary, replica: Replica) -> float | None:
        """It lacks nothing that was committed earlier than so many seconds before the look at the primary, which came
        first. None: nothing is known."""
        if self._looks and self._looks[-1].position > primary.position:
            self._looks.clear()  # another primary, which was promoted before it had all
        self._looks.append(primary)
        while self._looks[0].at < primary.at - self.kept:
            self._looks.popleft()
        known = [] if replica.committed_at is None else [replica.committed_at]
        if replica.position is not None:
            known += [look.at for look in self._looks if look.position <= replica.position]
        return max(0.0, primary.at - max(known)) if known else None
