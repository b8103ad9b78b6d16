"""Turn a callback into a call or a text, or refuse it with a reason.

Callbacks are verified before they are read, and nothing is written for one that is not genuine. Callbacks of one call
take turns at the lock of its ProviderCall, add to the known facts, and pass what changed of the call to
`calls.ingestion`, like the API. A callback that arrives twice, late or at the same moment as another does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from calls.ingestion.single import create_or_update_call
from calls.models import Call, Tracker
from messaging.ingestion import record_text
from subscriptions.intake.errors import Refused

from . import callback_facts, texts
from .call_state import build_call_fields
from .callback_facts import Facts
from .callback_request import CallbackParams, CallbackRequest, Malformed
from .callback_urls import build_url
from .models import IngestSource, ProviderCall, RefusedCallback
from .signature import is_signed

Reason = RefusedCallback.Reason


class CallbackRefused(Refused):
    """`sid` is the call or message that the callback is about, if known."""

    def __init__(self, reason: str, detail: str, sid: str = "") -> None:
        super().__init__(reason, detail)
        self.sid = sid[:64]


def verify(source: IngestSource, callback: CallbackRequest, place: str, signature: str) -> None:
    """Raises CallbackRefused unless this source's provider sent it to the source's URL for `place`."""
    if not signature:
        raise CallbackRefused(Reason.SIGNATURE, "It has no signature.", _read_sid(callback))
    try:
        fields = callback.fields
    except Malformed as error:
        raise CallbackRefused(Reason.MALFORMED, str(error)) from None
    genuine = is_signed(
        signature,
        tokens=source.tokens(),
        url=build_url(source, place, callback.query),
        parameters=fields,
        body=callback.body,
        form=callback.is_form,
    )
    if not genuine:
        words = (
            "The signature does not match this source’s auth token and URL. Check that the token is the current one, "
            "and that the URL at the provider starts with this service’s PUBLIC_URL."
        )
        raise CallbackRefused(Reason.SIGNATURE, words, _read_sid(callback))


def process(source: IngestSource, callback: CallbackRequest) -> None:
    """Bring in what a verified callback reports. Raises CallbackRefused."""
    params = read_params(source, callback)
    sid = texts.message_sid(params) or callback_facts.call_sid(params)
    if source.state == IngestSource.State.PAUSED:
        raise CallbackRefused(Reason.PAUSED, "It arrived while the source was paused.", sid)
    if texts.is_message(params):
        _record_text(source, params, callback)
    else:
        add_facts(source, sid, [read_facts(source, params, callback)])


def read_params(source: IngestSource, callback: CallbackRequest) -> CallbackParams:
    """The parameters; they name a call or message and the source's account. Raises CallbackRefused."""
    try:
        params = CallbackParams(callback.parameters)
        sid = texts.message_sid(params) or callback_facts.call_sid(params)
    except Malformed as error:
        raise CallbackRefused(Reason.MALFORMED, str(error)) from None
    account = params.text("AccountSid", 100)
    if account != source.account_sid:
        words = f"It is from the account {account or '(none)'}; this source is for {source.account_sid}."
        raise CallbackRefused(Reason.ACCOUNT, words, sid)
    return params


def read_facts(source: IngestSource, params: CallbackParams, callback: CallbackRequest) -> Facts:
    """What the callback says about its call. Raises CallbackRefused."""
    # SignalWire's Timestamp is when the call was created, whatever has happened since.
    has_event_time = source.provider == IngestSource.Provider.TWILIO
    try:
        return callback_facts.extract_facts(params, callback.received_at, has_event_time=has_event_time)
    except Malformed as error:
        raise CallbackRefused(Reason.MALFORMED, str(error), _read_sid(callback)) from None


def add_facts(source: IngestSource, sid: str, facts: Iterable[Facts]) -> bool:
    """Add facts to what is known of a call, all at once, and update the call. False while nothing says who calls whom;
    the facts are kept until something does. Raises CallbackRefused, and then nothing was added."""
    with transaction.atomic():
        known = ProviderCall.objects.locked(source, sid)
        now = callback_facts.merge_facts([known.facts, *facts])
        if now == known.facts and known.call_id:
            return True
        before, known.facts = known.facts, now
        known.call_id = _update_call(source, known, before if known.call_id else {}, now)
        known.heard_at = Now()
        known.save(update_fields=["facts", "call", "heard_at"])
        return known.call_id is not None


def _update_call(source: IngestSource, known: ProviderCall, before: Facts, now: Facts) -> int | None:
    """The call's id. An existing call gets only the fields that changed, so that people's corrections stay."""

    def is_tracking(phone: str) -> bool:
        return bool(phone) and Tracker.objects.filter(company=source.company, phone_number=phone).exists()

    new = build_call_fields(now, is_tracking=is_tracking)
    if new is None:
        return None
    fields = new
    key = {"external_source": source.provider, "external_id": known.sid}
    old = build_call_fields(before, is_tracking=is_tracking) if before else None
    if old is not None:
        fields = {name: value for name, value in new.items() if name not in old or old[name] != value}
        if not fields:
            return known.call_id
        fields |= _extend_stale_call(source, key, fields)
    try:
        return create_or_update_call(company=source.company, data={**key, **fields})[0].pk
    except ValidationError as error:
        raise _refusal_of(error, known.sid) from None


def _extend_stale_call(source: IngestSource, key: dict[str, str], fields: dict[str, Any]) -> dict[str, Any]:
    """A call that was closed as stale may still get news: then it ended later. It stays closed."""
    times = [fields[name] for name in ("routed_at", "answered_at") if fields.get(name)]
    if "ended_at" in fields or not times:
        return {}
    call = Call.objects.filter(company=source.company, **key).only("ended_at", "closed_as_stale_at").first()
    if call is None or call.ended_at is None:
        return {}
    return {"ended_at": max(call.ended_at, *times), "closed_as_stale_at": call.closed_as_stale_at}


def _record_text(source: IngestSource, params: CallbackParams, callback: CallbackRequest) -> None:
    sid = texts.message_sid(params)
    try:
        data = texts.build_text(params, callback.options, callback.received_at)
    except Malformed as error:
        raise CallbackRefused(Reason.MALFORMED, str(error), sid) from None
    except texts.NoContent as error:
        raise CallbackRefused(Reason.NO_CONTENT, str(error), sid) from None
    if data is None:
        return
    try:
        record_text(company=source.company, data={**data, "external_source": source.provider})
    except ValidationError as error:
        raise _refusal_of(error, sid) from None


def _read_sid(callback: CallbackRequest) -> str:
    try:
        params = CallbackParams(callback.parameters)
        return texts.message_sid(params) or callback_facts.call_sid(params)
    except Malformed:
        return ""


def _refusal_of(error: ValidationError, sid: str) -> CallbackRefused:
    errors = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    if "tracking_phone_number" in errors:
        return CallbackRefused(Reason.NUMBER, errors["tracking_phone_number"][0], sid)
    words = " ".join(f"{name}: {' '.join(lines)}" for name, lines in errors.items())
    return CallbackRefused(Reason.MALFORMED, words, sid)
