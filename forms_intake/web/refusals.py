"""Keep refused forms, and accept them later."""

from __future__ import annotations

import json
from hashlib import sha256

from subscriptions.intake import refusals
from subscriptions.intake.errors import Refused

from ..models import FormRefusal, FormSource
from .acceptance import accept_form, check_form
from .parsed_form import ParsedForm

Reason, State = FormRefusal.Reason, FormRefusal.State

# The key is public, so anybody can fill the list: up to here.
MOST_KEPT, MOST_A_MINUTE = 5_000, 120
# What was too large or not understood is kept with its content only so often: a form may be half a megabyte.
HEAVY = (Reason.FILE, Reason.TOO_LARGE, Reason.MALFORMED)
MOST_HEAVY = 100
# An admin may accept these although no setting changed: a person filled in the trap field, a trade fair sent many.
OVERRULED = {Reason.TRAP, Reason.TOO_MANY}
FIELDS_NOT_KEPT = "Its fields were not kept, so it cannot be accepted."  # too many, too large, or empty


def keep(source: FormSource, refused: Refused, *, origin: str, address: str | None, form: ParsedForm | None) -> None:
    """Store a refused form, or count it if it is known or too many are open."""
    content = form.as_json() if form else None
    whole = json.dumps([refused.reason, origin, content if content else refused.detail], sort_keys=True)
    row = FormRefusal(
        company_id=source.company_id,
        source=source,
        reason=refused.reason,
        detail=refused.detail,
        origin=origin[:300],
        address=address or "",
        form=content,
        fingerprint=sha256(whole.encode()).hexdigest(),
    )
    if row.reason in HEAVY and content and _heavy_limit_is_reached(source):
        row.form = None
    refusals.keep(row, refusals.Limit(MOST_KEPT, MOST_A_MINUTE))


def _heavy_limit_is_reached(source: FormSource) -> bool:
    kept = FormRefusal.objects.filter(source=source, state=State.OPEN, reason__in=HEAVY, form__isnull=False)
    return kept[:MOST_HEAVY].count() >= MOST_HEAVY


def accept(refusal: FormRefusal) -> bool:
    """Accept it by the current rules, except the trap field and the rate limit. False if somebody else just did. Raises
    Refused, and the row then shows the new reason."""
    with refusals.accepting(refusal):
        row = FormRefusal.objects.select_for_update(no_key=True).filter(pk=refusal.pk, state=State.OPEN).first()
        if row is None:
            return False
        if row.form is None:
            raise Refused(row.reason, FIELDS_NOT_KEPT)
        source = FormSource.objects.select_related("company").get(pk=row.source_id)
        form = ParsedForm.from_json(row.form)
        check_form(source, row.origin, form, trap=row.reason not in OVERRULED)
        accept_form(source, form, submitted_at=row.received_at)
        source.count_received()
        refusals.mark_accepted(row, [row.pk])
        return True
