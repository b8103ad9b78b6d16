"""Whose failed logins are counted together: the address that our own proxies vouch for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from callhooks_site.security.client_address import client_address

CASES = {
    "no proxy": (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
    "one proxy": (1, "127.0.0.1", "203.0.113.7", "203.0.113.7"),
    "what the client wrote itself": (1, "127.0.0.1", "10.0.0.1, 198.51.100.1, 203.0.113.7", "203.0.113.7"),
    "two proxies": (2, "127.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
    "fewer than there should be": (2, "127.0.0.1", "203.0.113.7", "127.0.0.1"),
    "no header": (1, "127.0.0.1", None, "127.0.0.1"),
    "rubbish": (1, "127.0.0.1", "unknown", None),
    "an empty place": (1, "127.0.0.1", "203.0.113.7, ", "127.0.0.1"),
    "IPv6 by household": (1, "127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    "IPv4 in IPv6": (0, "::ffff:203.0.113.7", None, "203.0.113.7"),
    "a socket file": (0, "", None, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_address_is_the_one_that_our_proxies_vouch_for(case: str, settings: Any):
    settings.PROXY_COUNT, peer, forwarded, expected = CASES[case]
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)) == expected
