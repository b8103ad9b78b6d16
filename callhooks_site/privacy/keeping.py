"""Delete what a company keeps for a time of its own, or for the installation's: calls, texts and forms with the people
who are in none any more; and its log, refused items and facts of the phone system, where it keeps these for less.

A part of the hourly retention. Companies take turns: a run goes on behind the company that the last one reached, each
batch is a short transaction, and each finds its rows along an index that begins with the company and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from callhooks_site.intake.providers.models import ProviderCall, RefusedCallback
from calls.models import Call
from forms_intake.models import FormRefusal, FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.maintenance.delivery_retention import LATER, START_FEEDS
from subscriptions.models import Company, EventStream, Manifest, RetentionPlace

from .forgotten_people import delete_forgotten
from .models import KINDS, KeptDays, most_days

BATCH = 500  # rows of one transaction
COMPANIES = 200  # read at once
PLACE = "company rows"

TimeLeft = Callable[[], bool]

_FINISHED = "('delivered', 'failed', 'cancelled')"
_DELIVERIES = f"""
WITH old AS MATERIALIZED (
    SELECT id, created_at FROM subscriptions_delivery
     WHERE company_id = %(company)s AND (created_at, id) > (%(at)s, %(id)s) AND created_at < %(before)s
     ORDER BY created_at, id LIMIT %(batch)s
), gone AS (
    DELETE FROM subscriptions_delivery WHERE id IN (SELECT id FROM old) AND state IN {_FINISHED} RETURNING id, event_id
), attempts AS (
    DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM gone)
), feed_starts AS (
    {START_FEEDS}
      FROM subscriptions_event e WHERE e.id IN (SELECT event_id FROM gone)
    {LATER}
), counted AS (
    -- The integrity check compares it with the deliveries that are there, of events as young as the installation keeps.
    UPDATE subscriptions_event e SET fan_out = greatest(0, e.fan_out - g.deliveries)
      FROM (SELECT event_id, count(*) AS deliveries FROM gone GROUP BY event_id) g WHERE e.id = g.event_id
)
SELECT (SELECT count(*) FROM gone), count(*), max(created_at),
       (SELECT id FROM old ORDER BY created_at DESC, id DESC LIMIT 1) FROM old
"""
_EVENTS = f"""
WITH old AS MATERIALIZED (
    SELECT id, created_at FROM subscriptions_event
     WHERE company_id = %(company)s AND (created_at, id) > (%(at)s, %(id)s) AND created_at < %(before)s
     ORDER BY created_at, id LIMIT %(batch)s
), gone AS (
    DELETE FROM subscriptions_event e USING old
     WHERE e.id = old.id AND NOT EXISTS (SELECT FROM subscriptions_delivery d WHERE d.event_id = e.id)
    RETURNING e.id, e.company_id, e.position
), feed_starts AS (
    {START_FEEDS} FROM gone e {LATER}
), bodies AS (
    DELETE FROM subscriptions_eventbody b USING gone WHERE b.event_id = gone.id
), shaped AS (
    DELETE FROM subscriptions_shapedbody b USING gone WHERE b.event_id = gone.id
)
SELECT (SELECT count(*) FROM gone), count(*), max(created_at),
       (SELECT id FROM old ORDER BY created_at DESC, id DESC LIMIT 1) FROM old
"""
_FIRST_TIME = datetime(1970, 1, 1, tzinfo=timezone.get_fixed_timezone(0))
_FIRST_EVENT = "00000000-0000-0000-0000-000000000000"


def delete_expired(time_left: TimeLeft) -> int:
    """Returns how many rows were deleted."""
    deleted = 0
    for company, days in _companies(time_left):
        now = timezone.now()
        for kind, delete in _DELETE.items():
            if kept := days.get(kind):
                deleted += delete(company, now - timedelta(days=kept), time_left)
    return deleted


def _companies(time_left: TimeLeft) -> Iterator[tuple[int, dict[str, float]]]:
    """Each company with days of its own, or all where the installation has some: from the place of the last run on,
    once around at most."""
    place, _ = RetentionPlace.objects.get_or_create(
        table=PLACE, defaults={"reached": "0", "began_at": timezone.now(), "done": False}
    )
    began, around = int(place.reached), False
    reached = began
    while time_left():
        ids = _next(reached)
        own = {row.company_id: row for row in KeptDays.objects.filter(company__in=ids)}
        for company in ids:
            if not time_left() or (around and company > began):
                return
            yield company, _days(own.get(company))
            reached = company
            RetentionPlace.objects.filter(table=PLACE).update(reached=str(reached))
        if len(ids) < COMPANIES:
            if around or began == 0:
                RetentionPlace.objects.filter(table=PLACE).update(reached="0")
                return
            reached, around = 0, True


def _next(reached: int) -> list[int]:
    if any(most_days(kind) for kind in KINDS if kind != "log"):
        rows: Any = Company.objects.filter(pk__gt=reached).order_by("pk").values_list("pk", flat=True)
    else:
        rows = KeptDays.objects.filter(pk__gt=reached).order_by("pk").values_list("pk", flat=True)
    return list(rows[:COMPANIES])


def _days(own: KeptDays | None) -> dict[str, float]:
    """By kind, where there is an end. The installation's own retention sees to the log of those that name none."""
    found: dict[str, float] = {}
    for kind in KINDS:
        most, wished = most_days(kind), getattr(own, kind) if own is not None else None
        if wished is not None:
            found[kind] = min(wished, most) if most else wished
        elif most and kind != "log":
            found[kind] = most
    return found


def _calls(company: int, before: datetime, time_left: TimeLeft) -> int:
    return _subjects(Call, "start_time", company, before, time_left)


def _texts(company: int, before: datetime, time_left: TimeLeft) -> int:
    deleted = _subjects(TextMessage, "sent_at", company, before, time_left)
    # That somebody wants no more texts is remembered, and by whom.
    texts = TextMessage.objects.filter(thread=OuterRef("pk"))
    empty = Thread.objects.filter(~Exists(texts), company=company, last_message_at__lt=before, opted_out=False)
    while time_left():
        with transaction.atomic():
            rows = list(empty.order_by("last_message_at", "pk").select_for_update(of=("self",))[:BATCH])
            deleted += empty.filter(pk__in=[row.pk for row in rows]).delete()[1].get("messaging.Thread", 0)
            delete_forgotten({row.person_id for row in rows if row.person_id})
        if len(rows) < BATCH:
            break
    return deleted


def _forms(company: int, before: datetime, time_left: TimeLeft) -> int:
    return _subjects(FormSubmission, "submitted_at", company, before, time_left)


def _subjects(model: Any, time: str, company: int, before: datetime, time_left: TimeLeft) -> int:
    old = model._default_manager.filter(**{f"{time}__lt": before}, company=company)
    by_thread = model is TextMessage
    deleted = 0
    while time_left():
        with transaction.atomic():
            found = list(old.order_by(time, "pk")[:BATCH].values_list("pk", flat=True))
            # In the order in which `calls.events` locks them, and still old: a time may have been corrected.
            rows = list(old.filter(pk__in=found).order_by("resource_id").select_for_update(of=("self",)))
            model._default_manager.filter(pk__in=[row.pk for row in rows]).delete()
            EventStream.objects.filter(subject_id__in=[row.resource_id for row in rows]).delete()
            if not by_thread:
                delete_forgotten({row.person_id for row in rows if row.person_id})
        deleted += len(rows)
        if len(found) < BATCH:
            break
    return deleted


def _log(company: int, before: datetime, time_left: TimeLeft) -> int:
    deleted = _along(_DELIVERIES, company, before, 0, time_left)
    deleted += _along(_EVENTS, company, before, _FIRST_EVENT, time_left)
    for model, time in ((RefusedCallback, "received_at"), (FormRefusal, "received_at")):
        deleted += _in_batches(model, time, company, before, time_left)
    deleted += _provider_calls(company, before, time_left)
    deleted += (
        Manifest.objects.filter(company=company, day__lt=before.date()).delete()[1].get("subscriptions.Manifest", 0)
    )
    return deleted


def _along(statement: str, company: int, before: datetime, first: Any, time_left: TimeLeft) -> int:
    """Along the company's index, past rows that stay: those that wait or are held."""
    at, last, deleted = _FIRST_TIME, first, 0
    while time_left():
        with transaction.atomic(), connection.cursor() as cursor:
            values = {"company": company, "at": at, "id": last, "before": before, "batch": BATCH}
            cursor.execute(statement, values)
            gone, read, at, last = cursor.fetchone()
        deleted += gone
        if read < BATCH:
            break
    return deleted


def _in_batches(model: Any, time: str, company: int, before: datetime, time_left: TimeLeft) -> int:
    old = model._default_manager.filter(**{f"{time}__lt": before}, company=company)
    deleted = 0
    while time_left():
        found = list(old.order_by(time, "pk").values_list("pk", flat=True)[:BATCH])
        deleted += old.filter(pk__in=found).delete()[0]
        if len(found) < BATCH:
            break
    return deleted


def _provider_calls(company: int, before: datetime, time_left: TimeLeft) -> int:
    """Keys follow the time nearly: the first batch that has a young row is the last one."""
    deleted = 0
    while time_left():
        rows = list(ProviderCall.objects.filter(company=company).order_by("pk").values_list("pk", "heard_at")[:BATCH])
        old = [pk for pk, heard_at in rows if heard_at < before]
        deleted += ProviderCall.objects.filter(pk__in=old, heard_at__lt=before).delete()[0]
        if len(old) < BATCH:
            break
    return deleted


_DELETE: dict[str, Callable[[int, datetime, TimeLeft], int]] = {
    "calls": _calls,
    "texts": _texts,
    "forms": _forms,
    "log": _log,
}
