"""Rows to measure with: companies, subscriptions, calls as they are saved, and backlogs made by SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calls.models import Call, Tracker
    from subscriptions.models import Company

BODY_BYTES = 2048
_numbers = count(1)


def company(name: str = "Bench Dental") -> Company:
    from subscriptions.models import Company

    return Company.objects.create(name=name)


def tracker(owner: Company) -> Tracker:
    from calls.models import Tracker

    return Tracker.objects.create(company=owner, name="Google Ads", phone_number=_phone())


def subscribe(owner: Company, urls: Sequence[str], event_type: str) -> list[int]:
    from subscriptions.models import Subscription

    return [
        Subscription.objects.create(company=owner, name=f"CRM {number}", url=url, events=[event_type]).pk
        for number, url in enumerate(urls)
    ]


def ringing_call(owner: Company, number: Tracker) -> Call:
    """Not saved. Its save publishes a pre_call."""
    from django.utils import timezone

    from calls.models import Call

    return Call(company=owner, tracker=number, customer_phone_number=_phone(), start_time=timezone.now())


def ended_call(owner: Company, number: Tracker, note: str = "") -> Call:
    """Not saved; complete. Its save publishes a post_call, the longest of the bodies."""
    call = ringing_call(owner, number)
    call.routed_at = call.answered_at = call.start_time + timedelta(seconds=2)
    call.ended_at = call.start_time + timedelta(seconds=15)
    call.recording_url, call.recording_duration = "https://example.com/recordings/1.mp3", 13
    call.transcription_text, call.note = "Good morning, how can I help you?", note
    return call


def saved_at(call: Call) -> float:
    """Save it, and say when its COMMIT began, by the monotonic clock.

    Not when it ended: a drain that is awake may have sent the webhook before this process reads PostgreSQL's answer.
    """
    from django.db import transaction

    with transaction.atomic():
        call.save()
        return time.monotonic()


def drop_deliveries(subscription: int) -> None:
    """All that waits for it, and what an engine that was killed held."""
    from subscriptions.models import Delivery

    Delivery.objects.filter(subscription=subscription, state=Delivery.State.PENDING).delete()


@dataclass(frozen=True, slots=True)
class Ring:
    """A call that began to ring, and when its COMMIT began, by the monotonic clock."""

    caller: Tracker
    call: str  # its resource id
    committed: float


def ring_at_rate(callers: Sequence[Tracker], rate: float, seconds: float) -> list[Ring]:
    """Save ringing calls at an even rate, to the callers in random turns."""
    rings: list[Ring] = []
    waiting: list[Tracker] = []
    started = time.monotonic()
    for number in range(max(1, int(rate * seconds))):
        time.sleep(max(0.0, started + number / rate - time.monotonic()))
        waiting = waiting or random.sample(callers, len(callers))
        caller = waiting.pop()
        call = ringing_call(caller.company, caller)
        rings.append(Ring(caller, call.resource_id, saved_at(call)))
    return rings


def by_webhook_id(rings: Sequence[Ring]) -> dict[str, float]:
    """When the COMMIT of each began, by the id of the webhook that tells of it."""
    from subscriptions.models import Event

    committed = {ring.call: ring.committed for ring in rings}
    events = Event.objects.filter(subject_id__in=committed, type="pre_call").only("id", "subject_id")
    return {event.webhook_id: committed[event.subject_id] for event in events}


def body(owner: Company, number: Tracker) -> bytes:
    """A post_call body of exactly BODY_BYTES."""
    from django.db import transaction

    from calls.selectors import read_for_webhooks
    from subscriptions.events import catalogue

    def frozen(note: str) -> bytes:
        with transaction.atomic():
            call = ended_call(owner, number, note)
            call.save()
            made = catalogue.build_body(catalogue.get("post_call"), read_for_webhooks([call.pk])[0])
            transaction.set_rollback(True)
        return made

    missing = BODY_BYTES - len(frozen(""))
    words = "Called about an appointment next week. "
    return frozen((words * (missing // len(words) + 1))[:missing].strip()) if missing > 0 else frozen("")


def companies_with_endpoints(urls: Sequence[str], event_type: str, *, each: int = 1) -> list[int]:
    """Companies that have `each` of these endpoints; the ids of the subscriptions, in the order of the URLs."""
    from django.db import transaction

    found: list[int] = []
    with transaction.atomic():
        for first in range(0, len(urls), each):
            found += subscribe(company(), urls[first : first + each], event_type)
    return found


def publish_backlog(subscriptions: Sequence[int], number: int, content: bytes) -> float:
    """Insert `number` events with a due delivery each, for the subscriptions in turn, and wake the drains.

    All become visible at once. Returns when, by the monotonic clock."""
    from django.db import connection, transaction

    from subscriptions.delivery import wakeup

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the checks belong to the making, not to the commit
        cursor.execute(_BACKLOG, {"subscriptions": list(subscriptions), "number": number, "body": content})
        begun = time.monotonic()
    wakeup.wake_all()
    return begun


_BACKLOG = """
WITH wanted AS MATERIALIZED (
    SELECT gen_random_uuid() AS event, s.id, s.company_id, clock_timestamp() AS at, n
      FROM generate_series(0, %(number)s - 1) AS n
      JOIN unnest(%(subscriptions)s::bigint[]) WITH ORDINALITY AS given (id, place)
           ON given.place = 1 + n %% cardinality(%(subscriptions)s::bigint[])
      JOIN subscriptions_subscription s ON s.id = given.id
), made AS (
    INSERT INTO subscriptions_event (id, company_id, type, subject_id, sequence, body, xact, created_at, fan_out)
    SELECT event, company_id, 'post_call', 'CAL' || replace(event::text, '-', ''), 1, %(body)s, 0, at, 1
      FROM wanted ORDER BY n
)
INSERT INTO subscriptions_delivery (company_id, event_id, subscription_id, state, stage, due_at, created_at)
SELECT company_id, event, id, 'pending', 1, at, at FROM wanted ORDER BY n
"""


def cancel_waiting() -> bool:
    """Cancel what nobody sends at the moment. Whether nothing is left: no delivery waits, and none is being sent."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_CANCEL_WAITING)
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM subscriptions_delivery WHERE state = 'pending' OR claim IS NOT NULL)"
        )
        return bool(cursor.fetchone()[0])


# Drains lock rows in an order of their own: what one of them has is passed over.
_CANCEL_WAITING = """
UPDATE subscriptions_delivery SET state = 'cancelled', stage = 0, due_at = NULL
 WHERE id = ANY (ARRAY(
    SELECT id FROM subscriptions_delivery WHERE state = 'pending' AND claim IS NULL FOR UPDATE SKIP LOCKED))
"""


def _phone() -> str:
    """A number out of those that are kept for examples, as many as there are."""
    number = next(_numbers)
    return f"+1{200 + number // 100 % 800}55501{number % 100:02}"
