"""How to connect to a database of the settings without Django: for locks, wake-ups, and looks from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .hosts import put_last_good_first

_NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def driver_parameters(database: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Arguments for `psycopg.connect`. `database`: as in DATABASES, or `connection.settings_dict`."""
    named = {ours: database[django] for django, ours in _NAMES.items() if database.get(django)}
    return put_last_good_first({**database.get("OPTIONS", {}), **named, **more})
