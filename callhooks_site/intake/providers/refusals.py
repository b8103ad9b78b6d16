"""Keep refused callbacks, bounded in size and number, and accept them later."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.intake import refusals

from . import texts
from .call_updates import add_facts
from .callback_request import CallbackParams, CallbackRequest
from .errors import CallbackRefused
from .fact_merging import Facts
from .intake import process, read_facts, read_params, verify
from .models import IngestSource, ProviderCall, RefusedCallback

Reason, State = RefusedCallback.Reason, RefusedCallback.State

MOST_BODY = 65_536  # bytes; the transcription of an hour has a few thousand
MOST_QUERY = 4_096
MOST_KEPT = 10_000  # open ones of a source: a busy day with a wrong setting
# Anybody who knows the URL can send callbacks that are not genuine, so these have a lower limit.
UNPROVEN = (Reason.SIGNATURE, Reason.TOO_LARGE)
MOST_UNPROVEN, MOST_UNPROVEN_A_MINUTE = 2_000, 120
MOST_TOGETHER = 500  # callbacks of one call


def keep(source: IngestSource, callback: CallbackRequest, place: str, signature: str, refused: CallbackRefused) -> bool:
    """Store a refused callback, or count it if it is known or too many are open. False if it was only counted and
    nothing proves that the provider sent it."""
    content: dict[str, Any] = {
        "place": place,
        "method": callback.method,
        "query": callback.query.replace("\x00", "")[:MOST_QUERY],
        "content_type": callback.content_type.replace("\x00", "")[:200],
        "signature": signature.replace("\x00", "")[:200],
    }
    body = b"" if refused.reason == Reason.TOO_LARGE else callback.body[:MOST_BODY]
    row = RefusedCallback(
        company_id=source.company_id,
        source=source,
        reason=refused.reason,
        detail=refused.detail,
        subject_sid=refused.sid.replace("\x00", ""),
        fingerprint=sha256("\n".join(content.values()).encode() + body).hexdigest(),
        received_at=callback.received_at,
        body=body,
        **content,
    )
    limit = refusals.Limit(MOST_KEPT)
    if refused.reason in UNPROVEN:
        limit = refusals.Limit(MOST_UNPROVEN, MOST_UNPROVEN_A_MINUTE, UNPROVEN)
    return refusals.keep(row, limit) or refused.reason != Reason.SIGNATURE


def accept(refusal: RefusedCallback) -> int:
    """Accept it by the same rules as when it arrived: signature and account are verified again.

    All refused callbacks of a call are accepted together, so that a call that is over does not ring again. Returns how
    many were accepted. Raises CallbackRefused, and the row then shows the new reason."""
    source = IngestSource.objects.select_related("company").get(pk=refusal.source_id)
    with refusals.accepting(refusal):
        if source.state == IngestSource.State.PAUSED:
            raise CallbackRefused(Reason.PAUSED, "The source is paused: resume it first.", refusal.subject_sid)
        return _accept_with_its_call(source, refusal)


def _accept_with_its_call(source: IngestSource, refusal: RefusedCallback) -> int:
    rows = RefusedCallback.objects.select_for_update(no_key=True).filter(source=source, state=State.OPEN)
    wanted = Q(pk=refusal.pk) | Q(subject_sid=refusal.subject_sid) if refusal.subject_sid else Q(pk=refusal.pk)
    found = list(rows.filter(wanted).order_by("received_at", "pk")[:MOST_TOGETHER])
    if all(row.pk != refusal.pk for row in found):
        return 0  # somebody else has just accepted it
    facts: list[Facts] = []
    accepted: list[int] = []
    for row in found:
        try:
            params = _verify_again(source, row)
            if params is not None and texts.is_message(params):
                process(source, build_request(row))
            elif params is not None:
                facts.append(read_facts(source, params, build_request(row)))
        except CallbackRefused:
            if row.pk == refusal.pk:
                raise
            continue
        accepted.append(row.pk)
    is_call = True
    if facts or refusal.reason == Reason.NO_CALL:
        is_call = add_facts(source, refusal.subject_sid, facts)
    if not is_call and refusal.reason == Reason.NO_CALL:
        raise CallbackRefused(Reason.NO_CALL, refusal.detail, refusal.subject_sid)
    refusals.mark_accepted(refusal, accepted)
    source.count_accepted_later(len(accepted))
    return len(accepted)


def _verify_again(source: IngestSource, row: RefusedCallback) -> CallbackParams | None:
    """The parameters; None for a row that stands for a call instead of a callback. Raises CallbackRefused."""
    if row.reason == Reason.TOO_LARGE:
        raise CallbackRefused(Reason.TOO_LARGE, "It was too large, and its body was not kept.", row.subject_sid)
    if row.reason == Reason.NO_CALL:
        return None
    callback = build_request(row)
    verify(source, callback, row.place, row.signature)
    return read_params(source, callback)


def build_request(row: RefusedCallback) -> CallbackRequest:
    """The callback as it arrived."""
    return CallbackRequest(row.method, row.query, row.content_type, bytes(row.body), row.received_at)


def report_incomplete_calls(older_than: timedelta, *, limit: int = 500) -> int:
    """Add a refusal for each call of which no callback ever said who calls whom. Returns how many were added."""
    # "told" marks a call that has been reported. What has no "heard" is a conference, or was only seen in one.
    quiet = ProviderCall.objects.filter(call=None, heard_at__lt=Now() - older_than)
    incomplete = quiet.filter(facts__has_key="heard").exclude(facts__has_key="told")
    reported = 0
    for one in incomplete.select_related("source")[:limit]:
        words = (
            "Only parts of this call were reported: no callback said who calls whom. Is the “Call status” URL set at "
            "the phone number?"
        )
        with transaction.atomic():
            callback = CallbackRequest("", "", "", b"", one.heard_at)
            keep(one.source, callback, one.sid[:20], one.sid, CallbackRefused(Reason.NO_CALL, words, one.sid))
            ProviderCall.objects.filter(pk=one.pk).update(facts={**one.facts, "told": 1})
        reported += 1
    return reported
