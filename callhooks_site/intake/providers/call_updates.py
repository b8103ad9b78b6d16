"""Add what a callback reports to what is known of its call, and update the call.

Callbacks of one call take turns at the lock of its ProviderCall. Some (answering machine detection, a recording of the
leg) name the leg and not the call: what they say waits in a ProviderCall of the leg's own until something says whose
leg it is. Locks are taken in this order: a call, its legs (ProviderLeg), what waits for a leg.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from calls.ingestion.single import create_or_update_call
from calls.models import Tracker

from . import conferences
from .call_state import build_call_fields
from .errors import CallbackRefused, refusal_of
from .fact_merging import Facts, merge_facts
from .models import IngestSource, ProviderCall, ProviderLeg
from .talks import NO_LEG

# What a leg's own callbacks say of the leg; the rest they say of the whole call.
_OF_LEG = ("by", "seconds", "states", "heard_states")
_OF_CALL = ("recordings", "texts", "phrases", "phrases_done", "conferences", "heard")


def add_facts(source: IngestSource, sid: str, facts: Iterable[Facts]) -> bool:
    """Add facts to what is known of a call, all at once, and update the call. False while nothing says who calls whom;
    the facts are kept until something does. Raises CallbackRefused, and then nothing was added."""
    given = list(facts)
    if (
        _names_no_call(given, sid)
        and not ProviderCall.objects.filter(source=source, sid=sid, call__isnull=False).exists()
    ):
        with transaction.atomic():
            parent = ProviderLeg.objects.parent_of(source, sid)
            if not parent:
                return _add(source, sid, given)
        return _add(source, parent, [_as_leg(sid, one) for one in given])
    return _add(source, sid, given)


def _names_no_call(given: Sequence[Facts], sid: str) -> bool:
    """Whether nothing here says that `sid` is a call of its own, or a conference."""
    return not any("parties" in one or "legs" in one or sid in one.get("conferences", {}) for one in given)


def _add(source: IngestSource, sid: str, given: Sequence[Facts]) -> bool:
    with transaction.atomic():
        row = ProviderCall.objects.locked(source, sid)
        now = merge_facts([row.facts, *given])
        now = merge_facts([now, *_claim_legs(source, sid, now, row.facts)])
        if now == row.facts and row.call_id:
            return True
        before, row.facts = row.facts, now
        row.call_id = _update_call(source, row, before if row.call_id else {}, now)
        row.heard_at = Now()
        row.save(update_fields=["facts", "call", "heard_at"])
    if sid in now.get("conferences", {}):
        _tell_members(source, now)
    return row.call_id is not None


def _tell_members(source: IngestSource, conference: Facts) -> None:
    """Each in a transaction of its own. A call that is refused does not stop the others."""
    refused: list[CallbackRefused] = []
    for member in conferences.list_members(conference):
        try:
            add_facts(source, member, [conferences.for_member(conference, member)])
        except CallbackRefused as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _claim_legs(source: IngestSource, sid: str, now: Facts, before: Facts) -> list[Facts]:
    """What the callbacks of legs that are new to this call have said without naming it."""
    known = {*before.get("legs", {}), *before.get("dial", {}), NO_LEG, sid}
    new = sorted({*now.get("legs", {}), *now.get("dial", {})} - known)
    return [_as_leg(leg, _claim_leg(source, leg, sid)) for leg in new]


def _claim_leg(source: IngestSource, leg: str, parent: str) -> Facts:
    """Nothing for a SID that is a call of its own, such as one that was taken out of a queue."""
    waiting = ProviderCall.objects.filter(source=source, sid=leg)
    if waiting.filter(Q(call__isnull=False) | Q(facts__has_key="parties")).exists():
        return {}
    if ProviderLeg.objects.parent_of(source, leg, found=parent) != parent:
        return {}
    found = waiting.filter(call=None).exclude(facts__has_key="parties").first()
    if found is None:
        return {}
    found.delete()
    facts: Facts = found.facts
    return facts


def _as_leg(sid: str, facts: Facts) -> Facts:
    """A leg's facts, as facts of its call."""
    own = {name: facts[name] for name in _OF_LEG if name in facts}
    rest = {name: facts[name] for name in _OF_CALL if name in facts}
    return {**rest, **({"legs": {sid: own}} if own else {})}


def _update_call(source: IngestSource, row: ProviderCall, before: Facts, now: Facts) -> int | None:
    """The call's id. An existing call gets only the fields that changed, so that people's corrections stay."""

    def is_tracking(phone: str) -> bool:
        return bool(phone) and Tracker.objects.filter(company=source.company, phone_number=phone).exists()

    def is_business(phone: str) -> bool:
        return bool(phone) and Tracker.objects.filter(company=source.company, destination_number=phone).exists()

    def build(facts: Facts) -> dict[str, Any] | None:
        return build_call_fields(facts, is_tracking=is_tracking, is_business=is_business, region=source.company.region)

    new = build(now)
    if new is None:
        return None
    fields = {**new, "reported_by_provider": True}
    key = {"external_source": source.provider, "external_id": row.sid}
    old = build(before) if before else None
    if old is not None:
        fields = {name: value for name, value in new.items() if name not in old or old[name] != value}
        if not fields:
            return row.call_id
    try:
        return create_or_update_call(company=source.company, data={**key, **fields})[0].pk
    except ValidationError as error:
        raise refusal_of(error, row.sid) from None
