"""Verifies the two signatures of a webhook. Python 3.9 or newer, standard library only: copy `verify`."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping


def verify(body: bytes, headers: Mapping[str, str], signing_key: str, secret: str, tolerance: int = 300) -> bool:
    """True when both signatures are valid. `body` must be the bytes as received, not rebuilt from parsed JSON."""
    given = {name.lower(): value for name, value in headers.items()}
    sent = given.get("webhook-timestamp", "")
    key = base64.b64decode(secret[len("whsec_") :] + "==")
    if not signing_key or not key:
        raise ValueError("the signing key or the secret is empty")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 13):
        return False
    if abs(time.time() - int(sent)) > tolerance:
        return False

    sha1 = base64.b64encode(hmac.digest(signing_key.encode(), body, hashlib.sha1))
    message = given.get("webhook-id", "").encode() + b"." + sent.encode() + b"." + body
    sha256 = b"v1," + base64.b64encode(hmac.digest(key, message, hashlib.sha256))
    # While a secret is being replaced there are two signatures, separated by a space.
    candidates = given.get("webhook-signature", "").encode().split(b" ")
    return hmac.compare_digest(sha1, given.get("signature", "").encode()) and any(
        hmac.compare_digest(sha256, candidate) for candidate in candidates
    )


if __name__ == "__main__":
    import json
    import sys

    case = json.load(sys.stdin)
    good = verify(case["body"].encode(), case["headers"], case["signing_key"], case["secret"])
    sys.stdout.write("good\n" if good else "bad\n")
    sys.exit(0 if good else 1)
