"""A subscription's client certificate: written in the admin and the API, used by its deliveries, never shown again."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from subscriptions.delivery import webhook_client
from subscriptions.delivery.credentials import Credentials
from subscriptions.endpoints.rules import validate_certificate
from subscriptions.models import Attempt, Subscription
from tests.hostile.certificates import asking_context, client_certificate, new_authority, write_authority
from tests.hostile.receivers import OK, Receiver
from tests.support.admin import filled_in, login
from tests.support.api import program, wrong
from tests.support.drains import drain_until
from tests.support.factories import make_call, make_company, make_member, make_subscription

BODY = {"name": "CRM", "url": "https://example.com/hooks", "events": ["post_call"]}
SCRIPT = "<script>alert(1)</script>"
CHAIN, KEY = client_certificate(None, common=SCRIPT)
OTHER_CHAIN, OTHER_KEY = client_certificate(None, common="other.example.com")
GIVEN = {"certificate": CHAIN, "private_key": KEY}
SECRET_LINE = KEY.splitlines()[1]


def stored() -> str:
    return Subscription.objects.get().client_certificate


def in_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM subscriptions_subscription s")
        return "".join(row[0] for row in cursor.fetchall())


@pytest.mark.django_db
def test_the_api_takes_it_and_shows_whose_it_is_and_until_when():
    api = program(make_company(), ["read", "manage"])
    made = api.post("/api/v1/subscriptions/", BODY | {"client_certificate": GIVEN})
    assert made.status_code == 201, made.content
    path = made["Location"]
    assert stored() == validate_certificate(CHAIN, KEY)
    shown = api.get(path).json()["client_certificate"]
    assert shown.keys() == {"subject", "expires_at"}
    assert shown["subject"] == f"CN={SCRIPT}".replace("<", "\\<").replace(">", "\\>")
    everything = made.content + api.get(path).content + api.get("/api/v1/subscriptions/").content
    assert SECRET_LINE not in everything.decode() + in_database()
    before = Subscription.objects.get().updated_at
    assert api.patch(path, {"client_certificate": shown, "url": BODY["url"]}).status_code == 200
    assert Subscription.objects.get().updated_at == before
    assert wrong(api.patch(path, {"url": "https://evil.example.net/"})).keys() == {"#/client_certificate"}
    assert wrong(api.patch(path, {"url": "http://example.com/hooks"})).keys() == {"#/client_certificate"}
    assert api.patch(path, {"client_certificate": None, "url": "https://other.example.net/"}).status_code == 200
    assert stored() == ""
    assert api.get(path).json()["client_certificate"] is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("text", ""),
        ({}, "/certificate"),
        ({"certificate": CHAIN}, "/private_key"),
        ({"certificate": CHAIN, "private_key": OTHER_KEY}, "/private_key"),
        ({"certificate": KEY, "private_key": KEY}, "/certificate"),
        (GIVEN | {"password": "x"}, "/password"),
        ({"subject": "CN=a", "expires_at": "2030-01-01"}, ""),
    ],
)
def test_the_api_says_what_is_wrong_with_it(given, place):
    api = program(make_company(), ["read", "manage"])
    answer = api.post("/api/v1/subscriptions/", BODY | {"client_certificate": given})
    assert f"#/client_certificate{place}" in wrong(answer)
    assert SECRET_LINE not in answer.content.decode()


@pytest.fixture
def subscription(db: None) -> Subscription:
    return make_subscription(make_company(), url=BODY["url"])


def save(client: Client, subscription: Subscription, **changes: str):
    page = reverse("admin:subscriptions_subscription_change", args=[subscription.pk])
    shown = client.get(page).content.decode()
    answer = client.post(page, {**filled_in(shown), **changes})
    return dict(answer.context["adminform"].form.errors) if answer.status_code == 200 else {}


def test_the_admin_takes_it_and_shows_whose_it_is(subscription: Subscription):
    client = login(make_member(subscription.company))
    page = reverse("admin:subscriptions_subscription_change", args=[subscription.pk])
    assert save(client, subscription, certificate_chain=CHAIN, certificate_key=KEY) == {}
    assert stored() == validate_certificate(CHAIN, KEY)
    shown = client.get(page).content.decode()
    assert SECRET_LINE not in shown
    assert "\\<script" not in shown
    assert "alert(1)" in shown
    assert "expires on" in shown
    assert save(client, subscription) == {}
    assert stored() == validate_certificate(CHAIN, KEY)
    assert save(client, subscription, certificate_key=OTHER_KEY).keys() == {"certificate_chain"}
    assert save(client, subscription, certificate_chain=OTHER_CHAIN, certificate_key="").keys() == {"certificate_key"}
    assert save(client, subscription, url="https://evil.example.net/").keys() == {"certificate_chain", "url"}
    viewer = login(make_member(subscription.company, role="viewer")).get(page).content.decode()
    assert "Client certificate CN=" in viewer
    assert "\\<script" not in viewer
    history = "".join(LogEntry.objects.values_list("change_message", flat=True))
    assert SECRET_LINE not in history
    assert save(client, subscription, certificate_chain="", certificate_key="") == {}
    assert stored() == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cleaned_by_deleting")
def test_deliveries_show_it_to_their_server(tmp_path: Path):
    authority = new_authority()
    chain, key = client_certificate(authority)
    subjects: list[str] = []

    def script(sock: socket.socket, request: bytes) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        subjects.append(json.dumps((sock.getpeercert() or {})["subject"]))
        sock.sendall(OK)

    context = asking_context(tmp_path, authority, trusted=authority, names=("127.0.0.1",))
    bundle = write_authority(authority, tmp_path)
    webhook_client.close()
    with override_settings(WEBHOOK_CA_BUNDLE=bundle), Receiver(script, tls=context) as receiver:
        subscription = make_subscription(make_company(), url=f"https://127.0.0.1:{receiver.port}/in")
        subscription.credentials = Credentials(certificate=validate_certificate(chain, key))
        subscription.save()
        make_call(subscription.company)
        drain_until(lambda: Attempt.objects.exists())
        webhook_client.close()
    attempt = Attempt.objects.get()
    assert (attempt.status_code, attempt.error) == (200, "")
    assert "callhooks.example.com" in subjects[0]
    assert "PRIVATE KEY" not in str(vars(attempt))
