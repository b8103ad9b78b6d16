"""Headers, logins and tokens for a receiver: which are saved, what they make of a request, how they are shown."""

from __future__ import annotations

import base64

import pytest

from subscriptions.delivery.credentials import LONGEST_TOKEN, Credentials, CredentialsRefused
from subscriptions.delivery.masking import MASK, holds, masked, masked_bytes
from subscriptions.endpoints.rules import has_moved, validate_credentials

BASIC = Credentials({"X-Tenant": "acme-4711"}, "hooks", "pass:wörd")
BEARER = Credentials({}, token="abc.def-123")


def test_basic_authentication_is_made_from_user_and_password():
    login = base64.b64encode("hooks:pass:wörd".encode()).decode()
    assert BASIC.checked().sent() == {"X-Tenant": "acme-4711", "Authorization": f"Basic {login}"}
    assert BASIC.shown() == {"X-Tenant": MASK, "Authorization": f"Basic {MASK}"}


@pytest.mark.parametrize(("user", "password"), [("key", ""), ("", "pat")])
def test_one_half_of_a_login_will_do(user: str, password: str):
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert Credentials({}, user, password).checked().sent() == {"Authorization": f"Basic {login}"}


def test_a_bearer_token_is_sent_as_one():
    assert BEARER.checked().sent() == {"Authorization": "Bearer abc.def-123"}
    assert BEARER.shown() == {"Authorization": f"Bearer {MASK}"}


def test_an_authorization_header_of_ones_own_will_do_without_them():
    own = Credentials({"Authorization": "Token abc"}).checked()
    assert own.sent() == {"Authorization": "Token abc"}
    assert own.shown() == {"Authorization": MASK}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (Credentials({"Host": "x"}), "custom_headers"),
        (Credentials({"X-A": "a\r\nX-B: b"}), "custom_headers"),
        (Credentials({"authorization": "x"}, "user", "pass"), "custom_headers"),
        (Credentials({"Authorization": "x"}, token="abc"), "custom_headers"),
        (Credentials({}, "us:er", "pass"), "auth_user"),
        (Credentials({}, "user\n", "pass"), "auth_user"),
        (Credentials({}, "u" * 256, "pass"), "auth_user"),
        (Credentials({}, "user", "pa\x00ss"), "auth_password"),
        (Credentials({}, "user", "p" * 256), "auth_password"),
        (Credentials({}, token="a b"), "auth_token"),
        (Credentials({}, token="a\r\nX: y"), "auth_token"),
        (Credentials({}, token="grün"), "auth_token"),
        (Credentials({}, token="a" * (LONGEST_TOKEN + 1)), "auth_token"),
        (Credentials({}, "user", "", "token"), "auth_token"),
        (Credentials({}, "user", MASK), "auth_password"),
        (Credentials({}, token=MASK), "auth_token"),
        (Credentials({"X-A": MASK}), "custom_headers"),
    ],
    ids=repr,
)
def test_what_cannot_be_sent_is_refused_with_its_place(given: Credentials, name: str):
    with pytest.raises(CredentialsRefused) as refused:
        validate_credentials(given, stored=Credentials(), url="https://example.com/", moved=False)
    assert refused.value.name == name
    assert str(refused.value).endswith(".")


def test_a_mask_that_comes_back_keeps_what_is_stored():
    given = Credentials({"x-tenant": MASK, "X-New": "1"}, "hooks", MASK)
    kept = validate_credentials(given, stored=BASIC, url="https://example.com/", moved=False)
    assert kept == Credentials({"x-tenant": "acme-4711", "X-New": "1"}, "hooks", "pass:wörd")
    assert validate_credentials(BEARER.masked(), stored=BEARER, url="https://example.com/", moved=False) == BEARER


@pytest.mark.parametrize("stored", [BASIC, BEARER, Credentials({"X-A": "abc"}), Credentials({}, "key")])
def test_nothing_stored_goes_to_another_server(stored: Credentials):
    """Who may change the URL would read it there."""
    with pytest.raises(CredentialsRefused, match="another server"):
        validate_credentials(stored.masked(), stored=stored, url="https://example.com/", moved=True)
    assert validate_credentials(Credentials(), stored=stored, url="https://example.com/", moved=True) == Credentials()


@pytest.mark.parametrize(
    ("new", "elsewhere"),
    [
        ("https://example.com/hooks", False),
        ("https://example.com/hooks?a=b", False),
        ("https://example.com/hooks/", False),
        ("https://example.com/hooks/calls", False),
        ("https://example.com/other", True),
        ("https://example.com/hooks2", True),
        ("https://example.com/", True),
        ("https://example.com/Hooks/x", True),
        ("https://example.com/hooks/../other", True),
        ("https://example.com/hooks/%2e%2e/other", True),
        ("https://example.com/hooks/%252e%252e/other", True),
        ("https://example.com/hooks/.%2e/other", True),
        ("https://example.com/hooks/..%2fother", True),
        ("https://example.com/hooks/..%5cother", True),
        ("https://example.com/hooks/..;/other", True),
        ("https://example.org/hooks", True),
        ("https://example.com:8443/hooks", True),
        ("http://example.com/hooks", True),
    ],
)
def test_what_leaves_server_or_path(new: str, elsewhere: bool):
    assert has_moved("https://example.com/hooks", new) is elsewhere


def test_no_value_is_in_their_repr():
    assert not any(text in repr(BASIC) + repr(BEARER) for text in ("hooks", "pass", "acme", "abc"))


SPELLINGS = {
    "as it is": 'say "it" / twice & <so>',
    "JSON": 'say \\"it\\" / twice & <so>',
    "PHP's JSON": 'say \\"it\\" \\/ twice & <so>',
    "HTML": "say &quot;it&quot; / twice &amp; &lt;so&gt;",
    "URL": "say%20%22it%22%20%2F%20twice%20%26%20%3Cso%3E",
    "form": "say+%22it%22+%2F+twice+%26+%3Cso%3E",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_a_receiver_sends_back_is_masked_however_it_spells_it(spelling: str):
    secrets = Credentials({"X-Note": 'say "it" / twice & <so>'}).secrets()
    text = f"you sent {SPELLINGS[spelling]}!"
    assert holds(text, secrets)
    assert not holds("you sent nothing!", secrets)
    assert masked(text, secrets) == f"you sent {MASK}!"
    assert masked_bytes(text.encode(), secrets) == f"you sent {MASK}!".encode()


def test_password_login_token_and_both_halves_of_a_header_are_masked():
    login = base64.b64encode("hooks:pass:wörd".encode()).decode()
    assert masked(f"pass:wörd {login} acme-4711 hooks", BASIC.secrets()) == f"{MASK} {MASK} {MASK} hooks"
    assert masked("abc.def-123", BEARER.secrets()) == MASK
    assert masked("Token s3cr3t, s3cr3t", Credentials({"Authorization": "Token s3cr3t"}).secrets()) == f"{MASK}, {MASK}"
    assert masked("sk_live_1", Credentials({}, "sk_live_1").secrets()) == MASK


def test_a_secret_that_the_end_of_the_kept_body_cuts_is_masked_too():
    assert masked_bytes(b"you sent abc.de", BEARER.secrets(), cut=True) == f"you sent {MASK}".encode()
    assert masked_bytes(b"you sent abc.de", BEARER.secrets(), cut=False) == b"you sent abc.de"


def test_short_values_leave_the_text_readable():
    assert masked("it is on", ["on", "is", ""]) == "it is on"
