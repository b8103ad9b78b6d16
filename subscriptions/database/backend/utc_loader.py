"""Reads times that PostgreSQL sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader  # type: ignore[import-untyped]
from psycopg import DataError


class UtcLoader(BaseTzLoader):  # type: ignore[misc]
    """As Django's, in UTC. That one takes a time apart by a regular expression in Python, ten microseconds each, and a
    call has ten of them."""

    timezone = UTC  # Django asks it whether the connection's loader is the right one

    def load(self, data: Any) -> datetime:
        """Raises psycopg's DataError for a time that Python cannot hold, such as infinity."""
        try:
            return datetime.fromisoformat(str(data, "ascii")).astimezone(UTC)
        except OverflowError:  # in UTC it is before the year 1, or after 9999
            raise DataError(f"a time that Python cannot hold in UTC: {bytes(data)!r}") from None
        except ValueError:
            return super().load(data)  # type: ignore[no-any-return]
