"""Receivers that ask for OAuth 2.0 client credentials: the token is fetched once, sent, renewed, and never shown."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from subscriptions.delivery import webhook_client
from subscriptions.delivery.credentials import Credentials
from subscriptions.delivery.masking import MASK
from subscriptions.delivery.oauth import Client
from subscriptions.models import Attempt, Delivery, Subscription
from tests.support.admin import filled_in, login
from tests.support.api import program, wrong
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_member, make_subscription
from tests.support.receiver import Got, Receiver, running_receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
SECRET = "cl1ent/s3cret"


class TokenServer:
    """Gives out token-1, token-2 … and counts."""

    def __init__(self, server: Receiver) -> None:
        self.server = server
        self.says: dict[str, object] = {"token_type": "Bearer", "expires_in": 3600}
        self.status = 200
        server.answer = self._answer

    @property
    def asked(self) -> list[Got]:
        return self.server.got

    def _answer(self, got: Got) -> tuple[int, dict[str, str], bytes]:
        said = {"access_token": f"token-{len(self.asked)}", **self.says} if self.status == 200 else self.says
        return self.status, {"Content-Type": "application/json"}, json.dumps(said).encode()


@pytest.fixture(autouse=True)
def _no_tokens():
    webhook_client.sending().tokens._held.clear()


@pytest.fixture
def tokens():
    with running_receiver() as server:
        yield TokenServer(server)


def subscribed(receiver: Receiver, tokens: TokenServer, **more) -> Subscription:
    subscription = make_subscription(make_company(), url=receiver.url, events=["pre_call"])
    client = Client(tokens.server.url, "acme", SECRET, "hooks", **more)
    subscription.credentials = Credentials(client=client)
    subscription.save()
    return subscription


def authorizations(receiver: Receiver) -> list[str]:
    return [got.headers["Authorization"] for got in receiver.got]


def test_one_token_serves_all_that_wait_and_is_shown_nowhere(receiver, tokens):
    receiver.answer = lambda got: (200, {"X-Echo": got.headers["Authorization"]}, f"{SECRET} token-1".encode())
    subscription = subscribed(receiver, tokens)
    for _ in range(5):
        make_call(subscription.company)
    drain_until(nothing_pending)
    assert authorizations(receiver) == ["Bearer token-1"] * 5
    (asked,) = tokens.asked
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["hooks"]}
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert len(tokens.asked) == 1
    attempt = Attempt.objects.first()
    headers = json.dumps([attempt.request_headers, attempt.response_headers], ensure_ascii=False)
    kept = headers + bytes(attempt.response_body).decode()
    assert f"Bearer {MASK}" in kept
    assert "token-1" not in kept
    assert SECRET not in kept
    with connection.cursor() as cursor:
        cursor.execute("SELECT auth_client FROM subscriptions_subscription")
        assert SECRET not in cursor.fetchone()[0]


def test_a_refused_token_is_replaced_once_in_the_same_attempt(receiver, tokens):
    receiver.answer = lambda got: (401 if "token-1" in got.headers["Authorization"] else 200, {}, b"")
    subscription = subscribed(receiver, tokens)
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert authorizations(receiver) == ["Bearer token-1", "Bearer token-2"]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, Attempt.objects.count()) == ("delivered", 1, 1)


def test_a_server_that_refuses_every_token_is_asked_twice_in_an_attempt(receiver, tokens):
    receiver.answer = lambda got: (401, {}, b"")
    subscription = subscribed(receiver, tokens)
    make_call(subscription.company)
    drain_until(lambda: Attempt.objects.exists())
    assert len(receiver.got) == 2
    assert Attempt.objects.get().status_code == 401


def test_a_server_whose_tokens_are_over_at_once_is_asked_once(receiver, tokens):
    tokens.says["expires_in"] = 1e-9
    subscription = subscribed(receiver, tokens)
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert (len(tokens.asked), Delivery.objects.get().state) == (1, "delivered")


def test_no_token_is_the_attempts_outcome_in_words_and_holds_up_no_other(receiver, tokens):
    tokens.status, tokens.says = 400, {"error": "invalid_client", "error_description": f"not {SECRET}"}
    subscription = subscribed(receiver, tokens)
    other = make_subscription(make_company("Other"), url=f"{receiver.url}/other", events=["pre_call"])
    make_call(subscription.company)
    make_call(other.company)
    drain_until(lambda: Attempt.objects.count() == 2)
    assert [got.path.rpartition("/")[2] for got in receiver.got] == ["other"]
    attempt = Attempt.objects.get(delivery__subscription=subscription)
    assert (attempt.outcome, attempt.error, attempt.status_code) == ("failed", "token", None)
    assert attempt.message == (
        "No access token from 127.0.0.1: it answered 400 (invalid_client). Check the client id, the secret and the "
        "scope."
    )
    delivery = subscription.deliveries.get()
    assert (delivery.state, delivery.reason) == ("pending", attempt.message)


def test_the_token_url_meets_the_rules_where_the_socket_is_opened(receiver, tokens, settings):
    subscription = subscribed(receiver, tokens)
    # Saved before the rules were stricter, or by a name that leads elsewhere now.
    subscription.credentials = Credentials(client=Client("http://169.254.169.254/token", "acme", SECRET))
    subscription.save()
    make_call(subscription.company)
    drain_until(lambda: Attempt.objects.exists())
    assert "No access token from 169.254.169.254" in Attempt.objects.get().message
    assert receiver.got == []


# --- rules, API and admin ---------------------------------------------------------------------------------------------
AUTH = {"type": "oauth2_client_credentials", "token_url": "http://127.0.0.1:9999/token", "client_id": "acme",
        "client_secret": SECRET}  # fmt: skip
SHOWN = AUTH | {"client_secret": MASK, "scope": "", "audience": "", "sends_in": "header"}


def test_the_api_takes_it_and_shows_no_secret():
    company = make_company()
    subscription = make_subscription(company)
    client, address = program(company), f"/api/v1/subscriptions/{subscription.resource_id}/"
    assert client.patch(address, {"auth": AUTH}, format="json").data["auth"] == SHOWN
    kept = client.patch(address, {"auth": SHOWN | {"scope": "hooks"}}, format="json")
    assert kept.data["auth"] == SHOWN | {"scope": "hooks"}
    subscription.refresh_from_db()
    assert subscription.credentials.client == Client(AUTH["token_url"], "acme", SECRET, "hooks")
    assert client.patch(address, {"auth": None}, format="json").data["auth"] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token_url": "http://169.254.169.254/latest"}, "token_url"),
        ({"token_url": "ftp://example.com"}, "token_url"),
        ({"client_secret": MASK, "token_url": "http://127.0.0.1:9998/token"}, "Enter this again"),
        ({"client_id": MASK}, "Enter it"),
        ({"scope": "a\nb"}, "no line ends"),
        ({"sends_in": "cookie"}, "sends_in"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(change, words):
    company = make_company()
    subscription = make_subscription(company)
    subscription.credentials = Credentials(client=Client(AUTH["token_url"], "acme", SECRET))
    subscription.save()
    address = f"/api/v1/subscriptions/{subscription.resource_id}/"
    answer = program(company).patch(address, {"auth": AUTH | change}, format="json")
    assert words in str(wrong(answer))


def test_a_new_server_does_not_get_the_old_ones_tokens():
    subscription = make_subscription(make_company(), "http://127.0.0.1:9999/hooks")
    subscription.credentials = Credentials(client=Client(AUTH["token_url"], "acme", SECRET))
    subscription.save()
    subscription.url = "http://127.0.0.1:9998/hooks"
    with pytest.raises(ValidationError, match="another server"):
        subscription.clean()


def test_the_admin_takes_it_shows_no_secret_and_tells_a_viewer_what_it_is():
    company = make_company()
    subscription = make_subscription(company, "http://127.0.0.1:9999/hooks")
    page = reverse("admin:subscriptions_subscription_change", args=[subscription.pk])
    client = login(make_member(company))
    form = filled_in(client.get(page).content.decode())
    typed = {f"oauth_{name}": value for name, value in AUTH.items() if name != "type"}
    answer = client.post(page, form | typed)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    subscription.refresh_from_db()
    stored = Client(AUTH["token_url"], "acme", SECRET)
    assert subscription.credentials.client == stored
    shown = client.get(page).content.decode()
    assert SECRET not in shown
    assert client.post(page, filled_in(shown) | {"name": "New"}).status_code == 302
    subscription.refresh_from_db()
    assert (subscription.name, subscription.credentials.client) == ("New", stored)
    refused = client.post(page, filled_in(shown) | {"oauth_token_url": "http://127.0.0.1:9998/mine"})
    assert "Enter this again" in refused.content.decode()
    viewer = login(make_member(company, "viewer")).get(page).content.decode()
    assert "OAuth 2.0, tokens from 127.0.0.1" in viewer
