"""Refused callbacks: kept for an admin to see, bounded in size and number, and taken in later."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from . import texts
from .callback import Delivered, Said
from .intake import Refused, absorb, observed, read, take_in, verify
from .models import IngestSource, ProviderCall, RefusedCallback

Reason, State = RefusedCallback.Reason, RefusedCallback.State

MOST_BODY = 65_536  # bytes; a transcription callback of an hour has a few thousand
MOST_QUERY = 4_096
MOST_KEPT = 10_000  # open ones of a source: a busy day under a wrong setting
# Whoever knows the URL can send what is not genuine: so many of those are kept, and so many in a minute.
MOST_UNPROVEN, MOST_UNPROVEN_A_MINUTE = 2_000, 120
MOST_TOGETHER = 500  # callbacks of one call


def keep(source: IngestSource, delivered: Delivered, place: str, signature: str, refused: Refused) -> bool:
    """Write it down, or count it where it is known already or too many are. False where it was only counted as one too
    many of those that prove nothing."""
    values = {
        "place": place,
        "method": delivered.method,
        "query": delivered.query.replace("\x00", "")[:MOST_QUERY],
        "content_type": delivered.content_type.replace("\x00", "")[:200],
        "body": b"" if refused.reason == Reason.TOO_LARGE else delivered.body[:MOST_BODY],
        "signature": signature.replace("\x00", "")[:200],
    }
    whole = "\n".join(str(value) for name, value in values.items() if name != "body").encode() + values["body"]  # type: ignore[operator]
    fingerprint = sha256(whole).hexdigest()
    same = RefusedCallback.objects.filter(source=source, fingerprint=fingerprint, state=State.OPEN)
    why = {"reason": refused.reason, "detail": refused.detail}
    if same.update(times=F("times") + 1, **why):
        _count(source, refused=1)
        return True
    if _too_many(source, unproven=refused.reason in (Reason.SIGNATURE, Reason.TOO_LARGE)):
        _count(source, refused=1, unlisted=1)
        return refused.reason != Reason.SIGNATURE
    try:
        with transaction.atomic():
            RefusedCallback.objects.create(
                company_id=source.company_id,
                source=source,
                subject_sid=refused.sid.replace("\x00", ""),
                fingerprint=fingerprint,
                received_at=delivered.received_at,
                **why,
                **values,
            )
    except IntegrityError:  # its twin came at the same moment
        same.update(times=F("times") + 1, **why)
    _count(source, refused=1)
    return True


def _too_many(source: IngestSource, *, unproven: bool) -> bool:
    mine = RefusedCallback.objects.filter(source=source, state=State.OPEN)
    if not unproven:
        return mine[:MOST_KEPT].count() >= MOST_KEPT
    mine = mine.filter(reason__in=(Reason.SIGNATURE, Reason.TOO_LARGE))
    lately = mine.filter(received_at__gt=Now() - timedelta(minutes=1))
    return (
        mine[:MOST_UNPROVEN].count() >= MOST_UNPROVEN
        or lately[:MOST_UNPROVEN_A_MINUTE].count() >= MOST_UNPROVEN_A_MINUTE
    )


def _count(source: IngestSource, *, refused: int, unlisted: int = 0) -> None:
    IngestSource.objects.filter(pk=source.pk).update(
        refused=F("refused") + refused, unlisted=F("unlisted") + unlisted, last_received_at=Now()
    )


def replay(refusal: RefusedCallback) -> int:
    """Take it in now, by the same rules as when it came: signature and account are verified anew. All that was refused
    of one call is taken in together, so that a call that is over does not ring again. Returns how many were taken in;
    raises Refused, which then stands in the row too."""
    source = IngestSource.objects.select_related("company").get(pk=refusal.source_id)
    try:
        if source.state == IngestSource.State.PAUSED:
            raise Refused(Reason.PAUSED, "The source is paused: resume it first.", refusal.subject_sid)
        with transaction.atomic():
            return _replay(source, refusal)
    except Refused as refused:
        RefusedCallback.objects.filter(pk=refusal.pk, state=State.OPEN).update(
            reason=refused.reason, detail=refused.detail
        )
        raise


def _replay(source: IngestSource, refusal: RefusedCallback) -> int:
    rows = RefusedCallback.objects.select_for_update(no_key=True).filter(source=source, state=State.OPEN)
    mine = Q(pk=refusal.pk) | Q(subject_sid=refusal.subject_sid) if refusal.subject_sid else Q(pk=refusal.pk)
    found = list(rows.filter(mine).order_by("received_at", "pk")[:MOST_TOGETHER])
    if all(row.pk != refusal.pk for row in found):
        return 0  # somebody else has just done it
    heaps, taken = [], []
    for row in found:
        try:
            said = _genuine(source, row)
            if said is not None and texts.is_message(said):
                take_in(source, delivered_again(row))
            elif said is not None:
                heaps.append(observed(source, said, delivered_again(row)))
        except Refused:
            if row.pk == refusal.pk:
                raise
            continue
        taken.append(row.pk)
    told = absorb(source, refusal.subject_sid, heaps) if heaps or refusal.reason == Reason.NO_CALL else True
    if not told and refusal.reason == Reason.NO_CALL:
        raise Refused(Reason.NO_CALL, refusal.detail, refusal.subject_sid)
    RefusedCallback.objects.filter(pk__in=taken).update(state=State.TAKEN_IN, resolved_at=Now())
    IngestSource.objects.filter(pk=source.pk).update(received=F("received") + len(taken))
    return len(taken)


def _genuine(source: IngestSource, row: RefusedCallback) -> Said | None:
    """What it says; None of a row that stands for a call and is no callback. Raises Refused."""
    if row.reason == Reason.TOO_LARGE:
        raise Refused(Reason.TOO_LARGE, "It was too large, and its body was not kept.", row.subject_sid)
    if row.reason == Reason.NO_CALL:
        return None
    delivered = delivered_again(row)
    verify(source, delivered, row.place, row.signature)
    return read(source, delivered)


def delivered_again(row: RefusedCallback) -> Delivered:
    return Delivered(row.method, row.query, row.content_type, bytes(row.body), row.received_at)


def dismiss(refusal: RefusedCallback) -> None:
    RefusedCallback.objects.filter(pk=refusal.pk, state=State.OPEN).update(state=State.DISMISSED, resolved_at=Now())


def tell_of_orphans(older_than: timedelta, *, limit: int = 500) -> int:
    """Calls of which something was told, but never who calls whom, become rows that say so."""
    lost = ProviderCall.objects.filter(call=None, heard_at__lt=Now() - older_than).exclude(facts__has_key="told")
    told = 0
    for one in lost.select_related("source")[:limit]:
        words = (
            "Only parts of this call were told: no callback said who calls whom. Is the “Call status” URL set at the "
            "phone number?"
        )
        with transaction.atomic():
            delivered = Delivered("", "", "", b"", one.heard_at)
            keep(one.source, delivered, one.sid[:20], one.sid, Refused(Reason.NO_CALL, words, one.sid))
            ProviderCall.objects.filter(pk=one.pk).update(facts={**one.facts, "told": 1})
        told += 1
    return told
