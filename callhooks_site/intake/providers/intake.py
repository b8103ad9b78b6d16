"""What a callback comes to: a call, a text, or a refusal with its reason.

Verified first, then read; nothing is written for one that is not genuine. Callbacks of one call take turns at its
ProviderCall's row, add to what is known, and what has changed of the call's outlook goes through the door that the API
uses. So a callback that comes twice, late or beside another changes nothing that is right already.
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

from . import callback_facts, texts
from .addresses import url_of
from .call_state import outlook
from .callback import Delivered, Malformed, Said
from .callback_facts import Facts
from .models import IngestSource, ProviderCall, RefusedCallback
from .signature import is_signed

Reason = RefusedCallback.Reason
LONGEST_DETAIL = 500


class Refused(Exception):
    """`reason` is one of RefusedCallback.Reason, the message says more; `sid` is the call or message it is about."""

    def __init__(self, reason: str, detail: str, sid: str = "") -> None:
        super().__init__(detail[:LONGEST_DETAIL])
        self.reason, self.detail, self.sid = reason, detail[:LONGEST_DETAIL], sid[:64]


def verify(source: IngestSource, delivered: Delivered, place: str, signature: str) -> None:
    """Raises Refused unless this source's provider sent it."""
    if not signature:
        raise Refused(Reason.SIGNATURE, "It bears no signature.", _sid_if_told(delivered))
    try:
        fields = delivered.fields
    except Malformed as error:
        raise Refused(Reason.MALFORMED, str(error)) from None
    genuine = is_signed(
        signature,
        tokens=source.tokens(),
        url=url_of(source, place, delivered.query),
        parameters=fields,
        body=delivered.body,
        form=delivered.is_form,
    )
    if not genuine:
        words = (
            "Its signature was not made with this source’s token over this source’s URL. Is the token the current one, "
            "and does the URL at the provider begin with this service’s PUBLIC_URL?"
        )
        raise Refused(Reason.SIGNATURE, words, _sid_if_told(delivered))


def take_in(source: IngestSource, delivered: Delivered) -> None:
    """Of a callback that was verified. Raises Refused."""
    said, sid = _read(source, delivered)
    if source.state == IngestSource.State.PAUSED:
        raise Refused(Reason.PAUSED, "It came while the source was paused.", sid)
    if texts.is_message(said):
        _take_in_text(source, said, delivered)
    else:
        absorb(source, sid, [observed(source, said, delivered)])


def observed(source: IngestSource, said: Said, delivered: Delivered) -> Facts:
    """Raises Refused."""
    # SignalWire's Timestamp is when the call was made, whatever has happened to it since.
    timed = source.provider == IngestSource.Provider.TWILIO
    try:
        return callback_facts.observed(said, delivered.received_at, timed=timed)
    except Malformed as error:
        raise Refused(Reason.MALFORMED, str(error), _sid_if_told(delivered)) from None


def absorb(source: IngestSource, sid: str, heaps: Iterable[Facts]) -> bool:
    """Add what was told of a call, all at once, and tell the call. False while nothing says who calls whom: what is
    known is kept until something does. Raises Refused, and then nothing was added."""
    with transaction.atomic():
        known = ProviderCall.objects.locked(source, sid)
        now = callback_facts.merge([known.facts, *heaps])
        if now == known.facts and known.call_id:
            return True
        before, known.facts = known.facts, now
        known.call_id = _tell(source, known, before if known.call_id else {}, now)
        known.heard_at = Now()
        known.save(update_fields=["facts", "call", "heard_at"])
        return known.call_id is not None


def _tell(source: IngestSource, known: ProviderCall, before: Facts, now: Facts) -> int | None:
    """The call's id. Through the one door for calls: of a call that is there only what is new, so that what people have
    corrected in it stays."""

    def is_tracking(phone: str) -> bool:
        return bool(phone) and Tracker.objects.filter(company=source.company, phone_number=phone).exists()

    whole = outlook(now, is_tracking=is_tracking)
    if whole is None:
        return None
    fields = whole
    key = {"external_source": source.provider, "external_id": known.sid}
    old = outlook(before, is_tracking=is_tracking) if before else None
    if old is not None:
        fields = {name: value for name, value in whole.items() if name not in old or old[name] != value}
        if not fields:
            return known.call_id
        fields |= _not_before_its_end(source, key, fields)
    try:
        return create_or_update_call(company=source.company, data={**key, **fields})[0].pk
    except ValidationError as error:
        raise _refusal(error, known.sid) from None


def _not_before_its_end(source: IngestSource, key: dict[str, str], fields: dict[str, Any]) -> dict[str, Any]:
    """A call that was closed because nothing was heard of it may be heard of again: it then ended later."""
    times = [fields[name] for name in ("routed_at", "answered_at") if fields.get(name)]
    if "ended_at" in fields or not times:
        return {}
    call = Call.objects.filter(company=source.company, **key).only("ended_at", "closed_as_stale_at").first()
    if call is None or call.ended_at is None:
        return {}
    return {"ended_at": max(call.ended_at, *times), "closed_as_stale_at": call.closed_as_stale_at}


def _take_in_text(source: IngestSource, said: Said, delivered: Delivered) -> None:
    sid = texts.message_sid(said)
    try:
        data = texts.text_of(said, delivered.options, delivered.received_at)
    except Malformed as error:
        raise Refused(Reason.MALFORMED, str(error), sid) from None
    except texts.NoContent as error:
        raise Refused(Reason.NO_CONTENT, str(error), sid) from None
    if data is None:
        return
    try:
        record_text(company=source.company, data={**data, "external_source": source.provider})
    except ValidationError as error:
        raise _refusal(error, sid) from None


def _read(source: IngestSource, delivered: Delivered) -> tuple[Said, str]:
    """What it says, and of which call or message. Raises Refused."""
    try:
        said = Said(delivered.parameters)
        sid = texts.message_sid(said) or callback_facts.call_sid(said)
    except Malformed as error:
        raise Refused(Reason.MALFORMED, str(error)) from None
    account = said.text("AccountSid", 100)
    if account != source.account_sid:
        words = f"It is from the account {account or '(none)'}; this source is of {source.account_sid}."
        raise Refused(Reason.ACCOUNT, words, sid)
    return said, sid


def read(source: IngestSource, delivered: Delivered) -> Said:
    return _read(source, delivered)[0]


def _sid_if_told(delivered: Delivered) -> str:
    try:
        said = Said(delivered.parameters)
        return texts.message_sid(said) or callback_facts.call_sid(said)
    except Malformed:
        return ""


def _refusal(error: ValidationError, sid: str) -> Refused:
    told = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    reason = Reason.NUMBER if "tracking_phone_number" in told else Reason.MALFORMED
    words = " ".join(
        f"{name}: {' '.join(lines)}" if reason != Reason.NUMBER else lines[0] for name, lines in told.items()
    )
    return Refused(reason, words, sid)
