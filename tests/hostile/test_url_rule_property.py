"""Properties of the URL rule over URLs glued together from nasty pieces."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from subscriptions.delivery.http.addresses import why_refused
from subscriptions.delivery.http.hosts import as_address, is_local_name
from subscriptions.delivery.http.url_rules import UrlRefused, check_url, read_url
from tests.support.examples import examples

from .url_cases import CASES

_PIECES = st.sampled_from(
    (
        "http :// : // / \\ @ # ? . %00 %2e %40 [ ] ::1 ::ffff: 127.0.0.1 0x7f 2130706433 localhost example.com"
        " xn-- xn--a bücher 。 １ ﬀ ß \u200d \u202e \ud800 :80 :443 :0 user:pw \r \n \t \x00 & = ; | ' \" < > { } * _ -"
        " ü %zz 8.8.8.8"
    ).split(" ")
)
_URLS = st.one_of(
    st.lists(_PIECES, max_size=12).map("".join),
    st.lists(_PIECES, max_size=8).map(lambda pieces: "https://" + "".join(pieces)),
    st.lists(_PIECES, max_size=8).map(lambda pieces: "https://hooks.example.com/" + "".join(pieces)),
    st.text(max_size=60).map(lambda text: "http://" + text),
    st.tuples(st.sampled_from(CASES), st.integers(0, 30), _PIECES).map(
        lambda drawn: drawn[0].url[: drawn[1]] + drawn[2] + drawn[0].url[drawn[1] :]
    ),
)


@settings(max_examples=examples(1500), deadline=None)
@given(_URLS)
def test_a_url_is_refused_or_read_alike_by_everyone(url: str) -> None:
    try:
        checked = check_url(url)
    except UrlRefused:
        return
    target = read_url(checked)

    assert checked.isascii()
    assert checked.isprintable()
    assert " " not in checked
    assert "\\" not in checked.partition("?")[0]
    assert len(checked) <= 2048
    assert check_url(checked) == checked, "a second reading changes nothing"

    split = urlsplit(checked)
    assert (split.scheme, split.hostname, split.username, split.fragment) == (target.scheme, target.host, None, "")
    assert (split.port or {"http": 80, "https": 443}[split.scheme]) == target.port
    parsed = parse_url(checked)
    assert (parsed.host or "").strip("[]") == target.host
    prepared = requests.PreparedRequest()
    prepared.prepare_url(checked, None)
    assert urlsplit(str(prepared.url)).hostname == target.host

    ip = as_address(target.host)
    assert ip is None or why_refused(ip) is None
    assert not is_local_name(target.host)


@settings(max_examples=examples(300), deadline=None)
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=80))
def test_the_query_is_kept_byte_for_byte(query: str) -> None:
    url = f"https://hooks.example.com/in?{query}"
    assert check_url(url) == url
    assert check_url(f"{url}#fragment") == url
