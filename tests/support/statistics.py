"""What PostgreSQL read, and what it takes its tables for."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection


def rows_read(*tables: str) -> int:
    """Rows of the tables that this transaction has read, along indexes or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + entries)::bigint FROM pg_stat_xact_user_tables t"
            " CROSS JOIN LATERAL (SELECT sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) AS entries"
            "                       FROM pg_index i WHERE i.indrelid = t.relid) indexes"
            " WHERE t.relname = ANY (%s)",
            [list(tables)],
        )
        return int(cursor.fetchone()[0])


def blocks_read(*tables: str) -> int:
    """Blocks of the tables and their indexes that this transaction has looked at. An index that is searched from end to
    end counts few rows, but all its blocks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_blocks_fetched(r.oid))::bigint FROM pg_class r"
            "  LEFT JOIN pg_index i ON i.indexrelid = r.oid"
            " WHERE coalesce(i.indrelid, r.oid) IN (SELECT oid FROM pg_class WHERE relname = ANY (%s))",
            [list(tables)],
        )
        return int(cursor.fetchone()[0])


def set_statistics(statistics: Mapping[str, tuple[int, int]]) -> None:
    """Of each table: rows and pages, as they may have been counted at some time. (-1, 0): never."""
    with connection.cursor() as cursor:
        for table, (rows, pages) in statistics.items():
            cursor.execute("UPDATE pg_class SET reltuples = %s, relpages = %s WHERE relname = %s", [rows, pages, table])
        cursor.execute("DISCARD PLANS")


def forget_statistics(*tables: str) -> None:
    """What was counted of the tables' columns, which another test may have left."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = ANY (%s::regclass[]::oid[])", [list(tables)])
        cursor.execute("DISCARD PLANS")
