"""What a subscriber's URL may be. The same reading decides what is saved and what is dialled.

One strict grammar of our own: what it takes is rebuilt from its parts, so that no other parser has to be
trusted to read the original alike, and then checked against the two parsers that could touch it later.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .addresses import Network, parse_networks
from .hosts import UrlRefused, as_address, is_local_name, read_host

__all__ = ["Target", "UrlRefused", "check_url", "read_url"]

MAX_LENGTH = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Below 1024 only 80 and 443 are taken. Above, where receivers live, all but ports on which something else is
# known to listen: proxies, databases, queues, caches, remote control.
# fmt: off
_NOT_WEB = frozenset((
    1080, 1433, 1434, 1521, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 2483, 2484, 3128, 3260,
    3306, 3389, 4369, 5060, 5061, 5432, 5433, 5671, 5672, 5900, 5901, 5984, 5985, 5986, 6000, 6001,
    6379, 6380, 6443, 6665, 6666, 6667, 6668, 6669, 6697, 7000, 7001, 7199, 8086, 9042, 9092, 9160,
    9200, 9300, 10250, 10255, 10257, 10259, 11211, 11214, 11215, 15672, 25672, 26379, 27017, 27018,
    27019, 28015, 61613, 61616,
))
# fmt: on

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(?::([0-9]*))?")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `path` holds the query too, as it goes on the wire."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path}"


def check_url(
    url: str,
    *,
    allowed_networks: Sequence[str | Network] = (),
    require_https: bool = False,
    own_url: str = "",
) -> str:
    """The URL as it is saved and dialled. Raises UrlRefused (a ValueError): its text says what to change.

    Scheme and host are lower case, the host is IDNA, the fragment is gone, the query is kept byte for byte.
    No name is looked up: where a name leads is checked each time it is dialled.
    """
    target = read_url(url, parse_networks(allowed_networks))
    if require_https and target.scheme != "https":
        raise UrlRefused("Plain http is not accepted here. Start the URL with https://.")
    if own_url and _place(target) == _place_of(own_url):
        raise UrlRefused("This is the address of this service itself: its webhooks would go round in a loop.")
    return target.url


def read_url(url: str, allowed: Sequence[Network] = ()) -> Target:
    """The parts of a URL after all rules on its form, host and port. Raises UrlRefused."""
    if not isinstance(url, str) or not url:
        raise UrlRefused("The URL is empty. Write one that starts with https://.")
    if len(url) > MAX_LENGTH:
        raise UrlRefused(f"The URL is longer than {MAX_LENGTH} characters. Use a shorter one.")
    if any(unicodedata.category(char) in _UNSEEN for char in url):
        raise UrlRefused(
            "The URL holds a blank or a character that cannot be seen. Type it anew instead of pasting it."
        )
    scheme, authority, path, query = _split(url)
    host_text, port_text = _split_authority(authority)
    host = read_host(host_text, allowed)
    port = _port(port_text, scheme)
    target = Target(scheme, host, port, (_on_the_wire(path) or "/") + _on_the_wire(query))
    if len(target.url) > MAX_LENGTH:
        raise UrlRefused(f"The URL is longer than {MAX_LENGTH} characters when encoded. Use a shorter one.")
    _check_others_agree(target)
    return target


def _split(url: str) -> tuple[str, str, str, str]:
    match = _URL.fullmatch(url)
    scheme = match[1].lower() if match else ""
    if not match or scheme not in _DEFAULT_PORTS:
        raise UrlRefused("Only web addresses can be used. Start the URL with https:// (or http://).")
    if "\\" in match[3] or "\\" in match[4]:
        raise UrlRefused("The URL holds a backslash. Write / instead.")
    if not match[2] or not match[3]:
        raise UrlRefused("The URL has no host. Write it like https://hooks.example.com/path.")
    return scheme, match[3], match[4], match[5] or ""


def _split_authority(authority: str) -> tuple[str, str]:
    if "@" in authority:
        raise UrlRefused("The URL holds a user name or password (before the @). Take it out: URLs are shown in logs.")
    match = _AUTHORITY.fullmatch(authority)
    if not match:
        if authority.count(":") > 1:
            raise UrlRefused("The host is not valid. Put an IPv6 address in brackets, like https://[2606:4700::1111]/.")
        raise UrlRefused("The host or the port is not valid. Write them like hooks.example.com:8443.")
    if not match[1]:
        raise UrlRefused("The URL has no host. Write it like https://hooks.example.com/path.")
    return match[1], match[2] or ""


def _port(text: str, scheme: str) -> int:
    if not text:
        return _DEFAULT_PORTS[scheme]
    port = int(text) if len(text) <= 5 else 0
    if not 1 <= port <= 65535:
        raise UrlRefused("The port is not valid. Use one from 1 to 65535, or leave it out.")
    if (port < 1024 and port not in (80, 443)) or port in _NOT_WEB:
        raise UrlRefused(f"Port {port} is not one for web servers. Use 443, 80 or a port above 1023 that is not taken.")
    return port


def _on_the_wire(text: str) -> str:
    """What is ASCII stays as it was typed; the rest is percent-encoded as UTF-8, as browsers do."""
    return text if text.isascii() else "".join(char if char.isascii() else quote(char) for char in text)


def _check_others_agree(target: Target) -> None:
    bracketed = f"[{target.host}]" if ":" in target.host else target.host
    try:
        split, parsed = urlsplit(target.url), parse_url(target.url)
        standard = (split.scheme, split.hostname, split.port or _DEFAULT_PORTS[target.scheme])
        urllib3s = (parsed.scheme, parsed.host, parsed.port or _DEFAULT_PORTS[target.scheme])
    except (ValueError, LocationParseError):
        raise UrlRefused("The URL cannot be read without doubt. Check its spelling.") from None
    if standard != (target.scheme, target.host, target.port) or urllib3s != (
        target.scheme,
        bracketed,
        target.port,
    ):
        raise UrlRefused("The URL can be read in two ways. Check its spelling.")


def _place(target: Target) -> tuple[str, int]:
    """Host and port, with one spelling for this host and for the two ports of the web."""
    ip = as_address(target.host)
    here = is_local_name(target.host) or (ip is not None and ip.is_loopback)
    return "localhost" if here else target.host, 443 if target.port == 80 else target.port


def _place_of(own_url: str) -> tuple[str, int]:
    own = urlsplit(own_url)
    host = (own.hostname or "").removesuffix(".")
    return _place(Target(own.scheme, host, own.port or _DEFAULT_PORTS.get(own.scheme, 0), "/"))
