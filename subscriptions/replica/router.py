"""Django's router: everything goes to the primary, but for reads within a `Reader` (`reading.py`)."""

from __future__ import annotations

from contextvars import ContextVar

from .names import PRIMARY, REPLICA

on_replica: ContextVar[bool] = ContextVar("on_replica", default=False)


def database_for_reads() -> str:
    return REPLICA if on_replica.get() else PRIMARY


class Router:
    """In DATABASE_ROUTERS only where there is a replica."""

    def db_for_read(self, model: object, **hints: object) -> str:
        """Also for what a row that came from the replica leads to, once it has left the block."""
        return database_for_reads()

    def db_for_write(self, model: object, **hints: object) -> str:
        return PRIMARY

    def allow_relation(self, one: object, other: object, **hints: object) -> bool:
        return True  # both are the same database

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return db == PRIMARY
