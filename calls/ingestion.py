"""Bringing calls in: what every source of calls (the API, a provider's webhook) does through one door.

Values are by name, as the API has them: the fields of a call, `tracking_phone_number` and `tags` (names). They are
of the right kind and length already; what they mean together is checked here. Errors are Django's ValidationError, by
the same names.

Messages of one call can overtake each other. A source that says when its message was true (`as_of`) may send them in
any order: of each field the youngest word counts, and an older one that comes later changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from subscriptions.models import Company
from subscriptions.models.columns import Columns

from . import arrivals
from .models import Call, Person, Tracker
from .tagging import tags_named

Data = Mapping[str, Any]
NOT_COLUMNS = ("tracking_phone_number", "tags", "as_of")
NATURAL_KEY = ("external_source", "external_id")
LATER_TIMES = ("routed_at", "answered_at", "ended_at")
TWIN = "call_external_id_once"
MOST_ATTEMPTS = 3
_TRACKER = Columns(Tracker, "t")


def create_or_update_call(*, company: Company, data: Data) -> tuple[Call, bool]:
    """The call, and whether it is new. One that came before with the same external_source and external_id is updated
    with what is in `data`, even if it comes at the same moment. All in one transaction."""
    check_natural_key(data)
    key = natural_key(data)
    attempt = 1
    while True:
        try:
            # The whole transaction, or a savepoint in the caller's: to undo an insert takes one of them, not both.
            with transaction.atomic():
                return _create_or_update(company, data, key)
        except IntegrityError as error:
            # Another brought it at the same moment: now it is known.
            if not violates(error, TWIN) or attempt == MOST_ATTEMPTS:
                raise
            attempt += 1


def update_call(*, company: Company, resource_id: str, data: Data) -> Call:
    """Sets what is in `data`. Raises Call.DoesNotExist."""
    with transaction.atomic():
        call = _locked(company, resource_id=resource_id).get()
        check_natural_key({name: data.get(name, getattr(call, name)) for name in NATURAL_KEY})
        try:
            _change(call, company, data)
        except IntegrityError as error:
            if not violates(error, TWIN):
                raise
            raise ValidationError({"external_id": "Another call has this source and id."}) from None
        return call


def tracking_number(company: Company, phone_number: str) -> Tracker:
    """The company's tracking number. Raises ValidationError where it has none such."""
    tracker = Tracker.objects.filter(company=company, phone_number=phone_number).first()
    if tracker is None:
        words = f"{phone_number or 'An empty text'} is not one of this company's tracking numbers. Add it first."
        raise ValidationError({"tracking_phone_number": words})
    tracker.company = company
    return tracker


def natural_key(data: Data) -> dict[str, str]:
    """What an object is called where it comes from; empty when it was not said."""
    if not data.get("external_id"):
        return {}
    return {name: data[name] for name in NATURAL_KEY}


def check_natural_key(data: Data) -> None:
    if data.get("external_id") and not data.get("external_source"):
        words = "Say in external_source which system this id is from: two systems may use the same ids."
        raise ValidationError({"external_source": words})


def violates(error: IntegrityError, constraint: str) -> bool:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == constraint


def _locked(company: Company, **where: str) -> QuerySet[Call]:
    # Locked before anything is compared: two programs that set different fields do not undo each other.
    return (
        Call.objects.select_for_update(of=("self",), no_key=True)
        .select_related("tracker", "person")
        .filter(company=company, **where)
        .order_by()
    )


def built(company: Company, data: Data, tracker: Tracker | None = None) -> Call:
    """A call that is not saved yet, without its tags. Raises ValidationError."""
    tracker = tracker or tracking_number(company, data["tracking_phone_number"])
    tracker.company = company
    call = Call(company=company, tracker=tracker)
    # Not after what is told of it: the clock that told may be a little behind ours.
    if data.get("as_of"):
        data = _young_enough(call, data)
    call.start_time = min([timezone.now(), *(data[name] for name in LATER_TIMES if data.get(name))])
    for name, value in _columns(data).items():
        setattr(call, name, value)
    if "lead_status" in data and "lead_status_by" not in data:
        call.lead_status_by = Call.ScoredBy.RULE
    _check_recording(call, data)
    return call


def _create_or_update(company: Company, data: Data, key: dict[str, str]) -> tuple[Call, bool]:
    # First a look that is cheap: most calls that come with a key are new, and a locking read of all is not.
    known, tracker = _looked_up(company, key, data.get("tracking_phone_number"))
    if known:
        call = _locked(company, **key).first()
        if call is not None:
            _change(call, company, data)
            return call, False
    call = built(company, data, tracker)
    call.clean()
    arrivals.insert(company, [call], [tuple(data.get("tags") or ())])
    return call, True


def _looked_up(company: Company, key: dict[str, str], phone_number: str | None) -> tuple[bool, Tracker | None]:
    """Whether there is a call of that natural key, and the tracking number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM calls_call WHERE company_id = %(company)s AND external_source = %(source)s "
            f"AND external_id = %(id)s AND external_id <> ''), {_TRACKER.sql} FROM (SELECT) AS always "
            "LEFT JOIN calls_tracker t ON t.company_id = %(company)s AND t.phone_number = %(phone)s",
            {
                "company": company.pk,
                "source": key.get("external_source"),
                "id": key.get("external_id"),
                "phone": phone_number,
            },
        )
        row = cursor.fetchone()
    return row[0], _TRACKER.build(row, 1)


def _change(call: Call, company: Company, data: Data) -> None:
    call.company = company
    data = _young_enough(call, data)
    changed = [name for name, value in _columns(data).items() if getattr(call, name) != value]
    if "direction" in changed:
        raise ValidationError({"direction": f"This call is {call.direction}; that cannot change."})
    for name in changed:
        setattr(call, name, data[name])
    if "lead_status" in changed and "lead_status_by" not in data:
        call.lead_status_by = Call.ScoredBy.RULE
        changed.append("lead_status_by")
    if "ended_at" in changed and call.closed_silent_at and "closed_silent_at" not in data:
        call.closed_silent_at = None  # now its end was told
        changed.append("closed_silent_at")
    if data.get("tracking_phone_number", call.tracker.phone_number) != call.tracker.phone_number:
        call.tracker = tracking_number(company, data["tracking_phone_number"])
        changed.append("tracker")
    if "customer_phone_number" in changed:
        number = call.customer_phone_number
        call.person = Person.objects.lock_by_phone(company.pk, number) if number else None
        changed.append("person")
    _check_recording(call, data)
    if data.get("as_of"):
        changed.append("told_as_of")
    if changed:
        call.save(update_fields=[*changed, "updated_at"])
    if "tags" in data:
        call.tags.set(tags_named(company, data["tags"]))


def _young_enough(call: Call, data: Data) -> Data:
    """Without the fields of which something younger is known; the times of the others are noted in the call."""
    as_of = data.get("as_of")
    if not as_of and not call.told_as_of:
        return data
    # Who does not say when is believed as of now.
    moment = as_of or timezone.now()
    known = {name: datetime.fromisoformat(time) for name, time in call.told_as_of.items()}
    young = {
        name: value
        for name, value in data.items()
        if name in NATURAL_KEY or name == "as_of" or name not in known or known[name] <= moment
    }
    told = {name: moment.isoformat() for name in young if name not in NATURAL_KEY and name != "as_of"}
    call.told_as_of = call.told_as_of | told
    return young | {"as_of": moment}


def _columns(data: Data) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in NOT_COLUMNS}


def _check_recording(call: Call, data: Data) -> None:
    if ("recording_url" in data or "recording_duration" in data) and (
        bool(call.recording_url) != (call.recording_duration is not None)
    ):
        missing = "recording_duration" if call.recording_url else "recording_url"
        raise ValidationError({missing: "A recording's address and its duration come together."})
