"""Refused forms: kept for an admin to see, bounded in number, and taken in later."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from ..models import FormRefusal, FormSource
from .sent import Sent
from .taking_in import Refused, judge, take_in

Reason, State = FormRefusal.Reason, FormRefusal.State

# The key is public: whoever has it can fill the list, so far and no further.
MOST_KEPT, MOST_A_MINUTE = 5_000, 120
# What an admin decides to take in although nothing was changed: a person fell into the trap, a fair sent many forms.
OVERRULED = {Reason.TRAP, Reason.TOO_MANY}
WITHOUT_FIELDS = "Its fields were not kept, so it cannot be taken in."


def keep(source: FormSource, refused: Refused, *, origin: str, address: str | None, sent: Sent | None) -> None:
    """Write it down, or count it where it is known already or too many are."""
    said = sent.as_json() if sent else None
    whole = json.dumps([refused.reason, origin, said if said else str(refused)], sort_keys=True)
    fingerprint = sha256(whole.encode()).hexdigest()
    same = FormRefusal.objects.filter(source=source, fingerprint=fingerprint, state=State.OPEN)
    if same.update(times=F("times") + 1, detail=str(refused)[:500]):
        _count(source, refused=1)
    elif _too_many(source):
        _count(source, refused=1, unlisted=1)
    else:
        try:
            with transaction.atomic():
                FormRefusal.objects.create(
                    company_id=source.company_id,
                    source=source,
                    reason=refused.reason,
                    detail=str(refused)[:500],
                    origin=origin[:300],
                    address=address or "",
                    said=said,
                    fingerprint=fingerprint,
                )
        except IntegrityError:  # its twin came at the same moment
            same.update(times=F("times") + 1)
        _count(source, refused=1)


def _too_many(source: FormSource) -> bool:
    mine = FormRefusal.objects.filter(source=source, state=State.OPEN)
    lately = mine.filter(received_at__gt=Now() - timedelta(minutes=1))
    return mine[:MOST_KEPT].count() >= MOST_KEPT or lately[:MOST_A_MINUTE].count() >= MOST_A_MINUTE


def _count(source: FormSource, *, refused: int, unlisted: int = 0) -> None:
    FormSource.objects.filter(pk=source.pk).update(refused=F("refused") + refused, unlisted=F("unlisted") + unlisted)


def replay(refusal: FormRefusal) -> bool:
    """Take it in now, by the rules as they are now; the trap and the rate are overruled. False where somebody else has
    just done it. Raises Refused, which then stands in the row too."""
    try:
        with transaction.atomic():
            mine = FormRefusal.objects.select_for_update(no_key=True).filter(pk=refusal.pk, state=State.OPEN)
            row = mine.first()
            if row is None:
                return False
            if row.said is None:
                raise Refused(row.reason, WITHOUT_FIELDS)
            source = FormSource.objects.select_related("company").get(pk=row.source_id)
            sent = Sent(**row.said)
            judge(source, row.origin, sent, trap=row.reason not in OVERRULED)
            take_in(source, sent, submitted_at=row.received_at)
            mine.update(state=State.TAKEN_IN, resolved_at=Now())
            return True
    except Refused as refused:
        FormRefusal.objects.filter(pk=refusal.pk, state=State.OPEN).update(
            reason=refused.reason, detail=str(refused)[:500]
        )
        raise


def dismiss(refusal: FormRefusal) -> None:
    FormRefusal.objects.filter(pk=refusal.pk, state=State.OPEN).update(state=State.DISMISSED, resolved_at=Now())
