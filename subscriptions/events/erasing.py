"""Erase what stored events say of a person, without losing that they happened.

The event, its deliveries and its attempts stay as rows: counts, outcomes and times are as they were. What was said is
gone: each body becomes a mark with the SHA-256 of what was sent, requests and answers become empty. The hash keeps
manifests and receivers' own records comparable (`feed/manifests/making.py`, docs/verify/reconcile.py).

Invariants
- Nothing of an erased event is sent any more: what waits is cancelled, and `operations.resend` passes it over.
- What a drain is sending right now is left to it, and its event is erased later: an outcome would bring back what was
  erased. The caller asks again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction

from ..delivery.form_encoding import encode_body
from .filtering import FILTERED

ERASED = "The person whom it is about was erased."
BEGINNING = '{"erased":true,"sha256":"'
_MARK = re.compile(rb'\{"erased":true,"sha256":"([0-9a-f]{64})"(?:,"sha256_form":"([0-9a-f]{64})")?\}')

# Events first, as jobs of past events lock them.
_LOCK_EVENTS = "SELECT FROM subscriptions_event WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE"
_LOCK = """
SELECT event_id, claim IS NOT NULL AND due_at > clock_timestamp() FROM subscriptions_delivery
 WHERE event_id = ANY (%s) ORDER BY id FOR NO KEY UPDATE
"""
_CANCEL = """
UPDATE subscriptions_delivery
   SET state = 'cancelled', stage = 0, due_at = NULL, claim = NULL, finished_at = clock_timestamp(), reason = %(erased)s
 WHERE event_id = ANY (%(events)s) AND state IN ('pending', 'held')
"""
# A filter's reason can name a value.
_FORGET_REASONS = """
UPDATE subscriptions_delivery SET reason = %(filtered)s || 'what it was is erased.'
 WHERE event_id = ANY (%(events)s) AND reason LIKE %(filtered)s || '%%'
"""
_EMPTY = "request_headers = '[]', response_headers = '[]', response_body = '', response_truncated = false, message = ''"
_FORGET_ATTEMPTS = f"""
UPDATE subscriptions_attempt SET {_EMPTY}
 WHERE delivery_id IN (SELECT id FROM subscriptions_delivery WHERE event_id = ANY (%s)) RETURNING batch
"""
# The answer to a request of several events may name each of them.
_FORGET_ANSWERS = """
UPDATE subscriptions_attempt SET response_headers = '[]', response_body = '', response_truncated = false, message = ''
 WHERE batch = ANY (%s)
"""
# Bodies that were sent as form fields have another hash, too.
_AS_FORMS = """
SELECT d.event_id, d.subscription_id, d.payload_version, d.shaped FROM subscriptions_delivery d
 WHERE d.event_id = ANY (%s) AND d.encoding = 'form'
"""
_SQL_MARK = f"""convert_to('{BEGINNING}' || encode(sha256(body), 'hex') || '"}}', 'UTF8')"""
_UNMARKED = f"""body <> '' AND substr(body, 1, {len(BEGINNING)}) <> convert_to('{BEGINNING}', 'UTF8')"""
_MARK_EVENTS = f"UPDATE subscriptions_event SET body = {_SQL_MARK} WHERE id = ANY (%s) AND {_UNMARKED}"
_MARK_VERSIONS = f"UPDATE subscriptions_eventbody SET body = {_SQL_MARK} WHERE event_id = ANY (%s) AND {_UNMARKED}"
_MARK_SHAPED = f"""
UPDATE subscriptions_shapedbody SET body = {_SQL_MARK}, headers = '{{}}' WHERE event_id = ANY (%s) AND {_UNMARKED}
"""
_NOTE = """
UPDATE subscriptions_event SET erased_at = clock_timestamp() WHERE id = ANY (%s) AND erased_at IS NULL
"""


@dataclass(slots=True)
class Erased:
    """How many rows of each kind; `later`: events with a delivery that is being sent right now."""

    events: int = 0
    attempts: int = 0
    cancelled: int = 0
    later: list[UUID] = field(default_factory=list)


def mark(body: bytes, *, as_form: bool = False) -> bytes:
    """What stands in the place of an erased body."""
    known = {"sha256": hashlib.sha256(body).hexdigest()}
    if as_form:
        known["sha256_form"] = hashlib.sha256(encode_body(body, "form")).hexdigest()
    return json.dumps({"erased": True, **known}, separators=(",", ":")).encode()


def sent_digest(stored: bytes, encoding: str) -> bytes | None:
    """The SHA-256 of what was sent, where `stored` is such a mark; else None."""
    found = _MARK.fullmatch(stored)
    if found is None:
        return None
    return bytes.fromhex((found[2] if encoding == "form" and found[2] else found[1]).decode())


def erase(events: Collection[UUID]) -> Erased:
    """Erase these events, in a transaction of the caller's. An event that is erased already counts for nothing."""
    if not connection.in_atomic_block:
        raise RuntimeError("Erase events in the transaction that erases what they are about.")
    done = Erased()
    wanted = list(events)
    if not wanted:
        return done
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_EVENTS, [wanted])
        cursor.execute(_LOCK, [wanted])
        under_way = {event for event, sending in cursor.fetchall() if sending}
        ready = [event for event in wanted if event not in under_way]
        done.later = [event for event in wanted if event in under_way]
        cursor.execute(_CANCEL, {"events": ready, "erased": ERASED})
        done.cancelled = cursor.rowcount
        cursor.execute(_FORGET_REASONS, {"events": ready, "filtered": FILTERED})
        cursor.execute(_FORGET_ATTEMPTS, [ready])
        batches = [row[0] for row in cursor.fetchall()]
        done.attempts = len(batches)
        if together := list({batch for batch in batches if batch is not None}):
            cursor.execute(_FORGET_ANSWERS, [together])
    _mark_forms(ready)
    with connection.cursor() as cursor:
        for statement in (_MARK_VERSIONS, _MARK_SHAPED, _MARK_EVENTS):
            cursor.execute(statement, [ready])
        cursor.execute(_NOTE, [ready])
        done.events = cursor.rowcount
    return done


def _mark_forms(events: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_AS_FORMS, [events])
        for event, subscription, version, shaped in cursor.fetchall():
            if shaped:
                where = "subscriptions_shapedbody", "event_id = %s AND subscription_id = %s", [event, subscription]
            elif version == "article":
                where = "subscriptions_event", "id = %s", [event]
            else:
                where = "subscriptions_eventbody", "event_id = %s AND version = %s", [event, version]
            table, condition, values = where
            cursor.execute(f"SELECT body FROM {table} WHERE {condition} AND {_UNMARKED}", values)
            if (row := cursor.fetchone()) is not None:
                made = mark(bytes(row[0]), as_form=True)
                empty = ", headers = '{}'" if shaped else ""
                cursor.execute(f"UPDATE {table} SET body = %s{empty} WHERE {condition}", [made, *values])


def erase_later(events: Collection[UUID]) -> Erased:
    """`erase` in a transaction of its own, for what was being sent before."""
    with transaction.atomic():
        return erase(events)
