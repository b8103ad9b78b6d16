"""The looks at our database server: when web and cluster start, in `manage.py check --database default`, in `health`.
They cost a connection and two queries, or two connections where a pooler is."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg
from django.conf import settings
from django.core import checks
from django.db import connection

from .findings import Finding, Needs, inspect
from .replica_findings import inspect_replica
from .sessions import NoAnswer, Session

logger = logging.getLogger(__name__)

# The same for two connections exactly when they lead to one database of one running server.
_IDENTITY = "SELECT pg_postmaster_start_time()::text, oid FROM pg_database WHERE datname = current_database()"


def of_cluster() -> list[Finding]:
    """Of the database as cluster and commands use it."""
    database = settings.DATABASE_DIRECT if settings.DATABASE_HAS_POOLER else connection.settings_dict
    setting = "DATABASE_DIRECT_URL" if settings.DATABASE_HAS_POOLER else "DATABASE_URL"
    return [
        *inspect(database, setting, keeps_sessions=True, prepares=True, needs=_needs()),
        *_lead_apart(database),
    ]


def of_web(connections: int | None = None) -> list[Finding]:
    """Of the database as the web servers use it, and of its replica. `connections`: what gunicorn's threads open; by
    the settings if it is not known."""
    return [*_of_web(connections), *of_replica()]


def of_replica() -> list[Finding]:
    if "replica" not in settings.DATABASES:
        return []
    return inspect_replica(
        settings.DATABASES["replica"], connection.settings_dict, settings.DATABASE_REPLICA_LAG_SECONDS
    )


def _of_web(connections: int | None) -> list[Finding]:
    return inspect(
        settings.DATABASE_FOR_WEB if settings.DATABASE_HAS_POOLER else connection.settings_dict,
        "DATABASE_URL",
        keeps_sessions=False,
        prepares=settings.DATABASE_PREPARED_STATEMENTS_IN_WEB,
        needs=None if settings.DATABASE_HAS_POOLER else _needs(connections),
    )


def of_all() -> list[Finding]:
    """Of both, each finding once."""
    return of_cluster() + (_of_web(None) if settings.DATABASE_HAS_POOLER else []) + of_replica()


def say_of_web(connections: int) -> None:
    """Log what was found. The web servers start all the same: a page that works is better than none."""
    for finding in of_web(connections):
        logger.log(logging.ERROR if finding.fatal else logging.WARNING, "%s", finding.text)


@checks.register(checks.Tags.database)
def check_server(app_configs: object, databases: Sequence[str] | None = None, **_: object) -> list[checks.CheckMessage]:
    if "default" not in (databases or ()):
        return []
    return [_message(finding) for finding in of_all()]


def _message(finding: Finding) -> checks.CheckMessage:
    # A machine that only serves the web may have nothing but a pooler.
    error = finding.fatal and finding.name != "pooler"
    kind = checks.Error if error else checks.Warning
    return kind(finding.text, id=f"callhooks.{'E' if error else 'W'}_{finding.name.replace(' ', '_')}")


def _needs(connections: int | None = None) -> Needs:
    by_settings = 0 if settings.DATABASE_HAS_POOLER else settings.WEB_CONCURRENCY * settings.WEB_THREADS
    return Needs(
        web=by_settings if connections is None else connections,
        workers=int(str(settings.Q_CLUSTER["workers"])),
        drains=settings.DELIVERY_DRAINS,
    )


def _lead_apart(direct: Mapping[str, Any]) -> list[Finding]:
    if not settings.DATABASE_HAS_POOLER:
        return []
    try:
        with closing(Session(direct)) as one, closing(Session(settings.DATABASE_FOR_WEB)) as other:
            if one.ask(_IDENTITY) == other.ask(_IDENTITY):
                return []
    except (psycopg.Error, NoAnswer):
        return []
    text = (
        "DATABASE_URL and DATABASE_DIRECT_URL lead to different databases: what the web servers save would never be "
        "delivered. Both must name the same database, one through the pooler and one past it."
    )
    return [Finding("two databases", text, fatal=True)]
