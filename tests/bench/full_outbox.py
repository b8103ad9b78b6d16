"""Deliveries by the million, and a process that claims and finishes some of them.

python -m tests.bench.full_outbox     (reads how many batches, answers with a line of JSON)
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.bench import fixtures
from tests.bench.cpu import thread_seconds

if TYPE_CHECKING:
    from subscriptions.delivery.outbox import Claimed, Outcome

ENDPOINTS = 100
BATCH = 200
WINDOW = 64  # as a drain has it for endpoints that answer quickly
LEASE = 60.0

# Each event goes to every endpoint: few events with their bodies make many deliveries.
_INSERT = """
WITH made AS (
    INSERT INTO subscriptions_event (id, company_id, type, subject_id, sequence, body, xact, created_at, fan_out)
    SELECT gen_random_uuid(), (SELECT min(id) FROM subscriptions_company), 'post_call',
           'CAL' || replace(gen_random_uuid()::text, '-', ''), 1, %(body)s, 0,
           clock_timestamp() - random() * interval '1 h', %(endpoints)s
      FROM generate_series(1, %(events)s)
    RETURNING id, company_id, created_at
)
INSERT INTO subscriptions_delivery
       (company_id, event_id, subscription_id, state, stage, attempts, lane, due_at, status_code, created_at,
        finished_at)
SELECT made.company_id, made.id, s.id, %(state)s, CASE %(state)s WHEN 'pending' THEN 1 ELSE 0 END, %(attempts)s,
       %(attempts)s,
       CASE %(state)s WHEN 'pending' THEN made.created_at END, %(status)s, made.created_at,
       CASE %(state)s WHEN 'pending' THEN NULL ELSE made.created_at END
  FROM made CROSS JOIN subscriptions_subscription s
"""


def fill_finished(number: int) -> None:
    """A company with its endpoints, and so many delivered."""
    owner = fixtures.company()
    fixtures.subscribe(owner, [f"http://127.0.0.1:9/{number}" for number in range(ENDPOINTS)], "post_call")
    _insert(number, "delivered")
    _tidy()


def fill_pending(number: int) -> None:
    _insert(number, "pending")
    _tidy()


def _insert(number: int, state: str) -> None:
    from django.db import connection, transaction

    done = state != "pending"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute(
                "SET LOCAL session_replication_role = replica"
            )  # rows like these need no foreign keys checked
        cursor.execute(
            _INSERT,
            {
                "body": b"x" * fixtures.BODY_BYTES,
                "events": max(1, number // ENDPOINTS),
                "endpoints": ENDPOINTS,
                "state": state,
                "attempts": int(done),
                "status": 204 if done else None,
            },
        )


def _tidy() -> None:
    """What autovacuum would have done by the time there are so many."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE subscriptions_delivery")
        cursor.execute("VACUUM ANALYZE subscriptions_event")


def claim_and_finish(batches: int) -> dict[str, float]:
    """CPU (of this process and its backend) and wall milliseconds for each delivery that was claimed and finished.

    Afterwards, not measured, as many new ones take their workspace."""
    from django.db import connection

    from subscriptions.delivery import outbox
    from subscriptions.models import Subscription

    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    windows = dict.fromkeys(Subscription.objects.values_list("pk", flat=True), WINDOW)
    limits, position = outbox.Limits(rows=BATCH, windows=windows), outbox.Position()

    def used() -> float:
        return time.process_time() + thread_seconds(backend)

    finished = 0
    started, before = time.monotonic(), used()
    for _ in range(batches):
        jobs = outbox.claim(token=uuid4(), lease=LEASE, limits=limits, position=position).rows
        finished += len(outbox.finish([_delivered(job) for job in jobs]).ids)
    seconds, cpu = time.monotonic() - started, used() - before
    if not finished:
        raise RuntimeError("Nothing could be claimed.")
    _insert(finished, "pending")
    return {"cpu_ms": cpu * 1000 / finished, "wall_ms": seconds * 1000 / finished}


def _delivered(job: Claimed) -> Outcome:
    from subscriptions.delivery.outbox import Outcome
    from tests.bench.bare_loop import HEADERS

    answer = [("Server", "nginx"), ("Date", "Mon, 02 Mar 2026 18:41:00 GMT"), ("Connection", "keep-alive")]
    return Outcome(job, "delivered", 0.0, "", time.time(), 5, list(HEADERS.items()), 204, answer, b"", False, "", "")


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callhooks_site.settings")
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(claim_and_finish(int(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
