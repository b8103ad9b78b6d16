"""Check the signature of Twilio's and SignalWire's callbacks (twilio.com/docs/usage/security). No Django.

It is the Base64 of an HMAC-SHA1 with the auth token (SignalWire: the signing key) over the whole URL with its query,
followed by every parameter of the body: sorted by name, name and value joined, the values of a repeated name as a
sorted set. For a body that is not a form, the query has its SHA-256 as `bodySHA256`.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha1, sha256
from urllib.parse import parse_qsl, urlsplit, urlunsplit

Pairs = Sequence[tuple[str, str]]

BODY_HASH = "bodySHA256"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def compute(token: str, url: str, parameters: Pairs) -> str:
    values: dict[str, set[str]] = {}
    for name, value in parameters:
        values.setdefault(name, set()).add(value)
    signed = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    return b64encode(hmac.new(token.encode(), signed.encode(), sha1).digest()).decode("ascii")


def is_signed(given: str, *, tokens: Iterable[str], url: str, parameters: Pairs, body: bytes, form: bool) -> bool:
    """Whether one of the tokens signed this. `parameters` are all of the body's, since providers add new ones without
    notice. `form`: the body is a form; otherwise only its hash is signed."""
    if not form and body and not _body_hash_matches(url, body):
        return False
    good = False
    for token in tokens:
        for spelled in _url_variants(url):
            expected = compute(token, spelled, parameters if form else ())
            # Compare all of them, always: the time taken reveals nothing.
            good |= hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
    return good


def _body_hash_matches(url: str, body: bytes) -> bool:
    hashes = [value for name, value in parse_qsl(urlsplit(url).query) if name == BODY_HASH]
    return len(hashes) == 1 and hmac.compare_digest(hashes[0].lower().encode(), sha256(body).hexdigest().encode())


def _url_variants(url: str) -> list[str]:
    """With the port and without: signers do either."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host if parts.port is None else host.rpartition(":")[0]
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    spelled = (url, urlunsplit(parts._replace(netloc=bare)), urlunsplit(parts._replace(netloc=f"{bare}:{port}")))
    return list(dict.fromkeys(spelled))
