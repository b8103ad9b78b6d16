"""What becomes of a process's connection to the database."""

from __future__ import annotations

import psycopg
from django.db import connection


def cut_our_connection() -> None:
    """As an operator or a stopping server would: from another connection."""
    connection.ensure_connection()
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
