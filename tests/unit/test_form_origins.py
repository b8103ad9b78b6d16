from __future__ import annotations

import pytest

from forms_intake.origins import may_redirect, parse_origin

THANKS = ["https://www.example.com/thanks"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://WWW.Example.com/a?b#c", "https://www.example.com"),
        ("HTTPS://example.com:443", "https://example.com"),
        ("http://example.com:8080/", "http://example.com:8080"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]"),
    ],
)
def test_an_origin_is_as_a_browser_writes_it(url: str, origin: str) -> None:
    assert parse_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "", "null", "//example.com/", "/thanks", "javascript:alert(1)", "https:///thanks", "https://a b.example.com/",
        "https://www.example.com\\@evil.example.com/", "https://user@www.example.com/", "https://example.com:x/",
        "https://[::1/", "https://\U0001d41eexample.com/", "https://example.com/\r\nX: 1", "\thttps://example.com/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_site_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        parse_origin(url)
    assert not may_redirect(url, THANKS)


def test_it_redirects_to_allowed_addresses_only() -> None:
    assert may_redirect("https://www.example.com:443/thanks?name=x#top", THANKS)
    for url in (
        "http://www.example.com/thanks",
        "https://www.example.com/thanks/../away",
        "https://www.example.com/",
        "https://www.example.com.evil.example.com/thanks",
        "https://www.example.com:8443/thanks",
    ):
        assert not may_redirect(url, THANKS)
