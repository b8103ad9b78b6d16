"""The number of a call's customer in words, for people."""

from __future__ import annotations

from .models import Call
from .phones import formatted, is_withheld

WITHHELD = "Number withheld"


def number_in_words(call: Call) -> str:
    """`214-555-0123`; where the phone system gave no number, what it gave (sip:…, a short code, too many digits), if
    that does not mean that the caller hides the number."""
    reported = call.customer_as_reported
    return formatted(call.customer_phone_number) or ("" if is_withheld(reported) else reported) or WITHHELD
