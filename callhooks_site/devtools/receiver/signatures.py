"""Check the two signatures of a webhook, written from their public descriptions.

`Signature`: base64 of HMAC-SHA1 over the raw body, the key being the signing key's text.
`webhook-signature`: Standard Webhooks 1.0, `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; during a
rotation of the secret several of them, separated by a space.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from .keys import Keys

TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which signatures are valid, and whether the body is as its version has it; `reasons` says what is wrong."""

    signature: bool
    webhook_signature: bool
    reasons: tuple[str, ...] = ()
    body: bool = True

    @property
    def good(self) -> bool:
        return self.signature and self.webhook_signature and self.body


def check(keys: Keys, headers: Mapping[str, str], body: bytes, now: float) -> Verdict:
    """`headers` has lower-case names; `now` is in seconds since 1970."""
    reasons = [_signature_fault(keys, headers, body), _webhook_fault(keys, headers, body, now)]
    return Verdict(
        signature=not reasons[0],
        webhook_signature=not reasons[1],
        reasons=tuple(reason for reason in reasons if reason),
    )


def _signature_fault(keys: Keys, headers: Mapping[str, str], body: bytes) -> str:
    given = headers.get("signature", "")
    if not given:
        return "Signature is missing"
    wanted = base64.b64encode(hmac.digest(keys.signing_key, body, hashlib.sha1))
    return "" if _same(wanted, given) else "Signature does not match"


def _webhook_fault(keys: Keys, headers: Mapping[str, str], body: bytes, now: float) -> str:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        if not headers.get(name):
            return f"{name} is missing"
    sent = headers["webhook-timestamp"]
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        return "webhook-timestamp is not a number of seconds"
    age = now - int(sent)
    if abs(age) > TOLERANCE_SECONDS:
        return f"webhook-timestamp is {abs(age):.0f} s in the {'past' if age > 0 else 'future'}"
    message = f"{headers['webhook-id']}.{sent}.".encode("latin-1", "replace") + body
    wanted = b"v1," + base64.b64encode(hmac.digest(keys.webhook_key, message, hashlib.sha256))
    # A list, not a generator: every candidate is compared, whichever is the right one.
    matches = [_same(wanted, given) for given in headers["webhook-signature"].split(" ")]
    return "" if any(matches) else "webhook-signature does not match"


def _same(wanted: bytes, given: str) -> bool:
    return hmac.compare_digest(wanted, given.encode("utf-8", "surrogatepass"))
