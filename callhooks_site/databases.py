"""Reads the three URLs of databases for `settings.py`, and says which of the first two this process uses."""

from __future__ import annotations

import warnings
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# Set by `wsgi.py`. The web's transactions may each have another session, so it can go through a pooler. All else, the
# cluster and the commands, holds locks and settings in its session, and connects to PostgreSQL itself.
serves_web = False

DEFAULT_PORT = "5432"
# Seconds; milliseconds for tcp_user_timeout. A server that vanished from the network is given up before its drain slots
# are expected elsewhere (half a minute). libpq would wait for a connection for two minutes, and the kernel a quarter of
# an hour for an answer. A Unix socket ignores all but the first. The URL's own options win.
GIVE_UP = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}

GIVE_UP_REPLICA = {"connect_timeout": 2, "tcp_user_timeout": 5_000}


def parse_database_url(name: str, url: str) -> dict[str, Any]:
    """Django's settings of the database that the variable `name` names. Raises ImproperlyConfigured."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it names what it does not understand, with the password
            database: dict[str, Any] = environ.Env.db_url_config(url)
        if database["ENGINE"] != "django.db.backends.postgresql":
            raise ValueError
        several = "," in urlsplit(url).netloc.rpartition("@")[2]
        if several:
            database["HOST"], database["PORT"] = _hosts_and_ports(url)
    except (KeyError, ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(
            f"{name} must name a PostgreSQL database (14 or newer): postgres://user:password@host:5432/name, with "
            "special characters percent-encoded. No other database is supported."
        ) from None
    options: dict[str, Any] = {"application_name": "callhooks", **GIVE_UP}
    if several or "," in str(database.get("OPTIONS", {}).get("host", "")):
        options["target_session_attrs"] = "read-write"  # a standby is of no use to us
    database["ENGINE"] = "subscriptions.database.backend"
    database["OPTIONS"] = options | database.get("OPTIONS", {})
    # Keep connections, and check them before use: otherwise a cluster opens four to seven for each task.
    database["CONN_MAX_AGE"] = None
    database["CONN_HEALTH_CHECKS"] = True
    # They outlive their transaction, which no session does behind a pooler. What we read by them (choices of forms) is
    # short, and they cost two more round trips.
    database["DISABLE_SERVER_SIDE_CURSORS"] = True
    return database


def parse_replica_url(name: str, url: str) -> dict[str, Any]:
    """The same of a read replica. A page can be had from the primary, so the replica is given up soon."""
    database = parse_database_url(name, url)
    options = database["OPTIONS"]
    asked = dict(parse_qsl(urlsplit(url).query))
    if options.get("target_session_attrs") == "read-write" and "target_session_attrs" not in asked:
        options["target_session_attrs"] = "prefer-standby"
    database["OPTIONS"] = options | {key: value for key, value in GIVE_UP_REPLICA.items() if key not in asked}
    # Tests have one database, whatever a developer's environment names.
    database["TEST"] = {"MIRROR": "default"}
    return database


def check_replica_is_another(replica: str, *urls: str) -> None:
    if replica in urls:
        raise ImproperlyConfigured(
            "DATABASE_REPLICA_URL is the primary's address. Name a read replica (a streaming standby) of it, or remove "
            "the setting."
        )


def _hosts_and_ports(url: str) -> tuple[str, str]:
    """libpq's lists. (django-environ drops the place of a port that is not named, and keeps the brackets of IPv6.)"""
    hosts, ports = [], []
    for part in urlsplit(url).netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{part}")
        if not one.hostname:
            raise ValueError
        hosts.append(one.hostname)
        ports.append(str(one.port or DEFAULT_PORT))
    return ",".join(hosts), ",".join(ports)
