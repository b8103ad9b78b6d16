"""What becomes of a process's connection to the database."""

from __future__ import annotations

import psycopg
from django.db import connection

from subscriptions.database.parameters import driver_parameters


def cut_our_connection() -> None:
    """As an operator or a stopping server would: from another connection."""
    connection.ensure_connection()
    with psycopg.connect(**driver_parameters(connection.settings_dict), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
