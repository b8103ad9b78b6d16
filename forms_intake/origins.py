"""Which sites may send a form, and where a visitor may be sent afterwards. No Django."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

# Browsers drop some of these and read a backslash as a slash: what is checked must be what is followed.
_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")
_USUAL_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """`https://www.example.com:8443`, as a browser's Origin header has it: lower case, without the usual port.

    Raises ValueError, in words, for anything that is not an absolute http or https address of a site."""
    if _UNSAFE.search(url):
        raise ValueError("The address holds blanks, backslashes or letters that must be encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("The address cannot be read. Write it like https://www.example.com.") from None
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ValueError("The address must begin with https:// or http:// and name a host.")
    if "@" in parts.netloc:
        raise ValueError("The address must not hold a user name or a password.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, _USUAL_PORTS[parts.scheme]) else f":{port}")


def may_redirect(url: str, allowed: Collection[str]) -> bool:
    """Whether exactly this address, its query and fragment aside, is among the allowed ones."""
    try:
        wanted = _page(url)
    except ValueError:
        return False
    return any(wanted == _page(address) for address in allowed)


def _page(url: str) -> tuple[str, str]:
    return origin_of(url), urlsplit(url).path or "/"
