"""Parse and compare the origins of web sites. No Django."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

# Browsers drop some of these and treat a backslash as a slash: we must check the URL that the browser follows.
_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_origin(url: str) -> str:
    """`https://www.example.com:8443`, as a browser writes it in Origin: lower case, without the default port.

    Raises ValueError with an explanation unless it is an absolute http or https URL."""
    if _UNSAFE.search(url):
        raise ValueError("The address contains spaces, backslashes or characters that must be encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("The address is not valid. Write it like https://www.example.com.") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("The address must start with https:// or http:// and name a host.")
    if "@" in parts.netloc:
        raise ValueError("The address must not contain a user name or password.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def may_redirect(url: str, allowed: Collection[str]) -> bool:
    """Whether this address, ignoring its query and fragment, is one of the allowed ones."""
    try:
        wanted = _origin_and_path(url)
    except ValueError:
        return False
    return any(wanted == _origin_and_path(address) for address in allowed)


def _origin_and_path(url: str) -> tuple[str, str]:
    return parse_origin(url), urlsplit(url).path or "/"
