"""What a good URL is saved as. (What is refused: tests/hostile.)"""

from __future__ import annotations

import pytest

from subscriptions.delivery.http.url_rules import UrlRefused, check_url, read_url


@pytest.mark.parametrize(
    ("url", "saved"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Hooks.Example.COM/In", "https://hooks.example.com/In"),
        ("HTTP://example.com/", "http://example.com/"),
        ("https://example.com./in", "https://example.com/in"),
        ("https://example.com:443/in", "https://example.com/in"),
        ("http://example.com:80", "http://example.com/"),
        ("https://example.com:8443/in", "https://example.com:8443/in"),
        ("https://example.com:/in", "https://example.com/in"),
        ("https://example.com:00443/in", "https://example.com/in"),
        ("https://example.com/in#part", "https://example.com/in"),
        ("https://example.com?a=b", "https://example.com/?a=b"),
        ("https://example.com/in?", "https://example.com/in?"),
        (
            "https://example.com/in?a=%2f%2F&b=[1]&c=x|y&d=%zz+%20;e",
            "https://example.com/in?a=%2f%2F&b=[1]&c=x|y&d=%zz+%20;e",
        ),
        ("https://example.com/in?u=http://127.0.0.1\\@x", "https://example.com/in?u=http://127.0.0.1\\@x"),
        ("https://example.com/a/../b//c/./@d", "https://example.com/a/../b//c/./@d"),
        ("https://example.com/ü?ü=ü", "https://example.com/%C3%BC?%C3%BC=%C3%BC"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://my_service.example.com/", "https://my_service.example.com/"),
        ("https://3com.example/", "https://3com.example/"),
        ("https://93.184.215.14/", "https://93.184.215.14/"),
        ("https://[2606:4700:0:0::1111]:8443/", "https://[2606:4700::1111]:8443/"),
        ("https://[::ffff:93.184.215.14]/", "https://93.184.215.14/"),
        ("https://" + ".".join(["a" * 60] * 4) + "/", "https://" + ".".join(["a" * 60] * 4) + "/"),
        ("https://example.com/" + "a" * 2028, "https://example.com/" + "a" * 2028),
    ],
)
def test_it_has_one_spelling(url: str, saved: str) -> None:
    assert check_url(url) == saved
    assert check_url(saved) == saved


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("http://127.0.0.1:8001/hook", "127.0.0.0/8"),
        ("http://localhost:8001/hook", "127.0.0.0/8"),
        ("http://[::1]:8001/hook", "::1/128"),
        ("http://localhost:8001/hook", "::1/128"),
        ("http://10.1.2.3/", "10.1.0.0/16"),
        ("http://[fd00::5]/", "fd00::/8"),
        ("http://receiver:8001/", "172.16.0.0/12"),
        ("http://receiver.internal/", "10.0.0.0/8"),
    ],
)
def test_an_opened_network_can_be_named(url: str, network: str) -> None:
    assert check_url(url, allowed_networks=[network]) == url
    with pytest.raises(UrlRefused):
        check_url(url, allowed_networks=["192.0.2.0/24"] if "receiver" not in url else [])


def test_opening_loopback_opens_no_inner_names() -> None:
    for url in ("http://receiver:8001/", "http://receiver.internal/", "http://metadata.google.internal/"):
        with pytest.raises(UrlRefused):
            check_url(url, allowed_networks=["127.0.0.0/8", "::1"])


def test_metadata_names_stay_closed_whatever_is_opened() -> None:
    with pytest.raises(UrlRefused, match="metadata"):
        check_url("http://metadata.google.internal/", allowed_networks=["10.0.0.0/8", "169.254.0.0/16"])


def test_a_refusal_is_a_value_error_with_a_code() -> None:
    with pytest.raises(ValueError, match=r"Put an IPv6 address in brackets") as refused:
        check_url("http://::1/")
    assert isinstance(refused.value, UrlRefused)
    assert refused.value.code == "bad_url"
    with pytest.raises(UrlRefused) as refused:
        check_url("http://10.0.0.1/")
    assert refused.value.code == "refused_address"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://me:secret@example.com/", "user name or password"),
        ("http:\\\\example.com\\", "backslash"),
        ("http://example.com\\a", "backslash"),
        ("https:///in", "has no host"),
        ("ftp://example.com/", "Start the URL with https://"),
        ("https://example.com/a b", "blank"),
        ("https://example.com:22/", "Port 22"),
        ("https://example.com:0/", "1 to 65535"),
        ("https://127.1/", "four decimal numbers"),
        ("https://intranet/", "Write it in full"),
        ("https://xn--a.example.com/", "international domain name"),
        ("https://exa%6dple.com/", "percent-encoding"),
        ("https://[fe80::1%25eth0]/", "zone"),
        ("https://10.0.0.1/", "private network"),
        ("https://example.com/" + "a" * 3000, "2048"),
    ],
)
def test_a_refusal_says_what_to_change(url: str, hint: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        check_url(url)
    assert hint in str(refused.value)


def test_the_parts_are_what_goes_on_the_wire() -> None:
    target = read_url("https://example.com:8443/in?a=%2f")
    assert (target.scheme, target.host, target.port, target.path) == ("https", "example.com", 8443, "/in?a=%2f")
    assert target.host_header == "example.com:8443"
    assert read_url("https://[2606:4700::1111]/").host_header == "[2606:4700::1111]"
