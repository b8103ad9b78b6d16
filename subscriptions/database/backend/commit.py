"""Commits, and what goes along with a commit: one text of several statements, one round trip.

psycopg's pipeline does the same with prepared statements. But what it does in Python costs more than the two
statements, and a NOTIFY takes no planning that preparing could save.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import Escaping, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from ..beside_commit import BesideCommit


def commit_beside(connection: psycopg.Connection[Any], waiting: Sequence[BesideCommit]) -> None:
    """Raises psycopg's errors of the commit; those of what goes beside it are the hooks' own matter."""
    text = "; ".join(["COMMIT", *(_compose(connection, hook) for hook in waiting)])
    answers: list[PGresult] = []
    with connection.lock:
        try:
            connection.pgconn.send_query(text.encode())
            connection.wait(_receive(connection.pgconn, answers))
        except psycopg.Error:
            if not answers:
                raise
    commit, *others = answers
    # Whether it is committed, only its own answer says. What goes beside it may have failed, or not come through.
    if commit.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(commit)
    if commit.command_status != b"COMMIT":  # but ROLLBACK
        raise psycopg.errors.InFailedSqlTransaction("Nothing was committed: an earlier statement had failed.")
    if [answer.status for answer in others] == [ExecStatus.TUPLES_OK] * len(waiting):
        for hook in waiting:
            hook.is_sent = True


def _compose(connection: psycopg.Connection[Any], hook: BesideCommit) -> str:
    statement, texts = hook.statement()
    escaping = Escaping(connection.pgconn)
    return statement % tuple(escaping.escape_literal(text.encode()).decode() for text in texts)


def _receive(pgconn: PGconn, answers: list[PGresult]) -> PQGen[None]:
    while pgconn.flush():
        ready = yield Wait.RW
        if ready & Ready.R:
            pgconn.consume_input()
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                pgconn.consume_input()
        answer = pgconn.get_result()
        if answer is None:
            return
        answers.append(answer)
