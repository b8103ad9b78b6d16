"""The headers of a delivery, both signatures included. Pure: no Django, no clock.

`Signature`: base64 of HMAC-SHA1 over the body, keyed with the company's signing key as text.
`webhook-signature`: Standard Webhooks 1.0, https://github.com/standard-webhooks/standard-webhooks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

SECRET_PREFIX = "whsec_"


def vendor_signature(body: bytes, *, signing_key: str) -> str:
    return base64.b64encode(hmac.digest(signing_key.encode(), body, hashlib.sha1)).decode("ascii")


@lru_cache(maxsize=4096)  # the same few endpoints, all the time
def secret_bytes(secret: str) -> bytes:
    """The key inside a `whsec_…` secret. Raises ValueError when it is not one."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError("A subscription's secret begins with whsec_.")
    try:
        return base64.b64decode(secret[len(SECRET_PREFIX) :], validate=True)
    except binascii.Error:
        raise ValueError("A subscription's secret is base64 after whsec_.") from None


def standard_signature(body: bytes, *, webhook_id: str, timestamp: int, secrets: Sequence[str]) -> str:
    """One `v1,…` for each secret, separated by one blank."""
    message = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(secret_bytes(secret), message, hashlib.sha256)).decode("ascii")
        for secret in secrets
    )


def delivery_headers(
    body: bytes,
    *,
    user_agent: str,
    webhook_id: str,
    event_type: str,
    sequence: int,
    attempt: int,
    timestamp: int,
    signing_key: str,
    secrets: Sequence[str],
    content_type: str = "application/json",
) -> dict[str, str]:
    return {
        "Content-Type": content_type,
        "User-Agent": user_agent,
        "Signature": vendor_signature(body, signing_key=signing_key),
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": standard_signature(body, webhook_id=webhook_id, timestamp=timestamp, secrets=secrets),
        "Callhooks-Event": event_type,
        "Callhooks-Sequence": str(sequence),
        "Callhooks-Attempt": str(attempt),
    }
