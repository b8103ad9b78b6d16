"""Turn a callback into a call or a text, or refuse it with a reason.

Callbacks are verified before they are read, and nothing is written for one that is not genuine. Callbacks of one call
take turns at the lock of its ProviderCall, add to the known facts, and pass what changed of the call to
`calls.ingestion`, like the API. A callback that arrives twice, late or at the same moment as another does no harm.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError

from messaging.ingestion import record_text

from . import callback_facts, texts
from .call_updates import add_facts
from .callback_request import CallbackParams, CallbackRequest, Malformed
from .callback_urls import build_url
from .errors import CallbackRefused, refusal_of
from .fact_merging import Facts
from .models import IngestSource, RefusedCallback
from .signature import is_signed

Reason = RefusedCallback.Reason


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


def _record_text(source: IngestSource, params: CallbackParams, callback: CallbackRequest) -> None:
    sid = texts.message_sid(params)
    try:
        data = texts.build_text(params, callback.options, callback.received_at, region=source.company.region)
    except Malformed as error:
        raise CallbackRefused(Reason.MALFORMED, str(error), sid) from None
    except texts.NoContent as error:
        raise CallbackRefused(Reason.NO_CONTENT, str(error), sid) from None
    if data is None:
        return
    try:
        record_text(company=source.company, data={**data, "external_source": source.provider})
    except ValidationError as error:
        raise refusal_of(error, sid) from None


def _read_sid(callback: CallbackRequest) -> str:
    try:
        params = CallbackParams(callback.parameters)
        return texts.message_sid(params) or callback_facts.call_sid(params)
    except Malformed:
        return ""
