"""Why a callback was refused."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from subscriptions.intake.errors import Refused

from .models import RefusedCallback

Reason = RefusedCallback.Reason


class CallbackRefused(Refused):
    """`sid` is the call or message that the callback is about, if known."""

    def __init__(self, reason: str, detail: str, sid: str = "") -> None:
        super().__init__(reason, detail)
        self.sid = sid[:64]


def refusal_of(error: ValidationError, sid: str) -> CallbackRefused:
    """The refusal for values that the company's data do not allow."""
    errors = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    if "tracking_phone_number" in errors:
        return CallbackRefused(Reason.NUMBER, errors["tracking_phone_number"][0], sid)
    words = " ".join(f"{name}: {' '.join(lines)}" for name, lines in errors.items())
    return CallbackRefused(Reason.MALFORMED, words, sid)
