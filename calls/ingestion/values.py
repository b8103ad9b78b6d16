"""Put a source's values into a call: a new one, or one that is known."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils import timezone

from subscriptions.models import Company, new_rows

from .. import events
from ..models import Call, Person, Tag, Tracker
from ..selectors import update_and_count
from ..tagging import find_or_make_tags
from .field_timestamps import Data, drop_older_values
from .locking import LockedCall

NOT_COLUMNS = ("tracking_phone_number", "tags", "as_of")
# Between a person and the call that they came in with.
_ONE_TRANSACTION = timedelta(seconds=1)
LATER_TIMES = ("routed_at", "answered_at", "ended_at")


def find_tracker(company: Company, phone_number: str) -> Tracker:
    """The company's tracking number. Raises ValidationError if it has no such number."""
    tracker = Tracker.objects.filter(company=company, phone_number=phone_number).first()
    if tracker is None:
        words = f"{phone_number or 'An empty text'} is not one of this company's tracking numbers. Add it first."
        raise ValidationError({"tracking_phone_number": words})
    tracker.company = company
    return tracker


def build_call(company: Company, data: Data, tracker: Tracker | None = None) -> Call:
    """An unsaved call, without its tags. Raises ValidationError."""
    tracker = tracker or find_tracker(company, data["tracking_phone_number"])
    tracker.company = company
    call = new_rows.build_new(Call, company=company, tracker=tracker)
    if data.get("as_of"):
        data = drop_older_values(call, data)
    # Without a start_time: now, or earlier if something else happened earlier. The source's clock may be behind ours.
    call.start_time = min([timezone.now(), *(data[name] for name in LATER_TIMES if data.get(name))])
    call.start_time_is_ours = not data.get("start_time")
    for name, value in _columns(data).items():
        setattr(call, name, value)
    if "lead_status" in data and "lead_status_by" not in data:
        call.lead_status_by = Call.ScoredBy.RULE
    _check_recording(call, data)
    return call


def change_call(locked: LockedCall, company: Company, data: Data) -> None:
    """Save what `data` changes in a call that `locking` has read, and publish what is due. Raises ValidationError."""
    call = locked.call
    call.fires_no_event = True
    data = drop_older_values(call, data)
    changed = [name for name, value in _columns(data).items() if getattr(call, name) != value]
    if "direction" in changed:
        raise ValidationError({"direction": f"This call is {call.direction}; that cannot change."})
    for name in changed:
        setattr(call, name, data[name])
    if "lead_status" in changed and "lead_status_by" not in data:
        call.lead_status_by = Call.ScoredBy.RULE
        changed.append("lead_status_by")
    if "ended_at" in changed and call.closed_as_stale_at and "closed_as_stale_at" not in data:
        call.closed_as_stale_at = None  # the source has reported the real end
        changed.append("closed_as_stale_at")
    changed += _replace_our_times(call, data)
    if data.get("tracking_phone_number", call.tracker.phone_number) != call.tracker.phone_number:
        call.tracker = find_tracker(company, data["tracking_phone_number"])
        changed.append("tracker")
    before = call.person
    if "customer_phone_number" in changed:
        number = call.customer_phone_number
        call.person = Person.objects.lock_by_phone(company.pk, number) if number else None
        changed.append("person")
    _check_recording(call, data)
    if data.get("as_of"):
        changed.append("field_timestamps")
    if is_saved := bool(changed):
        call.clean()
        update_and_count(call, [*changed, "updated_at"])
    if before is not None and before != call.person:
        _forget_agent(call, before)
    if "tags" in data and _set_tags(call, find_or_make_tags(company, data["tags"])):
        changed.append("tags")
    if changed:
        events.publish_locked(call, locked.stream, are_counted=is_saved)


def _set_tags(call: Call, tags: list[Tag]) -> bool:
    """Whether they are others than before."""
    if {tag.pk for tag in tags} == {tag.pk for tag in call.list_tags()}:
        return False
    call.forget_known_tags()
    call.tags.set(tags)
    call.set_known_tags(tags)
    return True


def _replace_our_times(call: Call, data: Data) -> list[str]:
    """Let times that nobody reported give way to those that `data` reports. Returns the names of the changed fields."""
    changed = []
    reported = [data[name] for name in LATER_TIMES if data.get(name)]
    if call.start_time_is_ours:
        if data.get("start_time"):
            call.start_time_is_ours = False
            changed.append("start_time_is_ours")
        elif reported and min(reported) < call.start_time:
            call.start_time = min(reported)
            changed.append("start_time")
    # A call that was closed as stale may still get news: then it ended later. It stays closed.
    is_our_end = call.closed_as_stale_at is not None and "ended_at" not in data
    if is_our_end and call.ended_at and reported and max(reported) > call.ended_at:
        call.ended_at = max(reported)
        changed.append("ended_at")
    return changed


def _forget_agent(call: Call, person: Person) -> None:
    """With click to call, a provider reports the agent's number first and the customer's later. The agent, who came in
    with this call and has nothing else, is no customer."""
    came_together = timedelta(0) <= call.created_at - person.created_at < _ONE_TRANSACTION
    if call.direction == Call.Direction.OUTBOUND and call.reported_by_provider and came_together:
        # Somebody else's transaction that holds the person is about to use it.
        unused = Person.objects.select_for_update(skip_locked=True).filter(pk=person.pk).first()
        with suppress(ProtectedError):
            if unused is not None:
                unused.delete()


def _columns(data: Data) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in NOT_COLUMNS}


def _check_recording(call: Call, data: Data) -> None:
    if ("recording_url" in data or "recording_duration" in data) and (
        bool(call.recording_url) != (call.recording_duration is not None)
    ):
        missing = "recording_duration" if call.recording_url else "recording_url"
        raise ValidationError({missing: "Send a recording's URL and its duration together."})
