"""A receiver's headers and login in the API: written and never read again."""

from __future__ import annotations

import pytest
from django.db import connection

from subscriptions.delivery.masking import MASK
from subscriptions.models import Subscription
from tests.support.api import program, wrong
from tests.support.factories import make_company, make_subscription

pytestmark = pytest.mark.django_db

BODY = {"name": "CRM", "url": "https://example.com/hooks", "events": ["post_call"]}
BASIC = {"type": "basic", "user": "hooks", "password": "pass:word"}
BEARER = {"type": "bearer", "token": "tok-4711"}
HEADERS = {"X-Tenant": "acme-4711", "X-Team": "blue-team"}


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read", "manage"])


@pytest.fixture
def path(api):
    made = api.post("/api/v1/subscriptions/", BODY | {"custom_headers": HEADERS, "auth": BASIC})
    assert made.status_code == 201, made.content
    return made["Location"]


def stored():
    return Subscription.objects.get().credentials


def test_it_is_stored_encrypted_and_shown_masked(api, path):
    assert (dict(stored().headers), stored().user, stored().password) == (HEADERS, "hooks", "pass:word")
    shown = api.get(path).json()
    assert shown["custom_headers"] == dict.fromkeys(HEADERS, MASK)
    assert shown["auth"] == {"type": "basic", "user": "hooks", "password": MASK}
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM subscriptions_subscription s")
        (row,) = cursor.fetchone()
    answers = api.get(path).content.decode() + api.get("/api/v1/subscriptions/").content.decode()
    for value in ("pass:word", "acme-4711", "blue-team", "X-Tenant"):
        assert value not in row
    assert not any(value in answers for value in ("pass:word", "acme-4711", "blue-team"))


def test_without_any_nothing_is_stored(api):
    shown = api.post("/api/v1/subscriptions/", BODY).json()
    assert (shown["custom_headers"], shown["auth"]) == ({}, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT custom_headers, auth_user, auth_password, auth_token FROM subscriptions_subscription")
        assert cursor.fetchone() == ("", "", "", "")


def test_a_user_without_password_is_a_key_and_masked_like_one(api, path):
    shown = api.patch(path, {"auth": {"type": "basic", "user": "sk_live_1"}}).json()
    assert shown["auth"] == {"type": "basic", "user": MASK, "password": ""}
    assert stored().user == "sk_live_1"


def test_what_is_not_sent_stays(api, path):
    api.patch(path, {"name": "New", "auth": BEARER})
    assert (dict(stored().headers), stored().user, stored().password, stored().token) == (HEADERS, "", "", "tok-4711")
    api.patch(path, {"custom_headers": {}})
    assert (dict(stored().headers), stored().token) == ({}, "tok-4711")
    api.patch(path, {"auth": None})
    assert not stored()


def test_a_subscription_that_is_sent_back_as_it_was_read_changes_nothing(api, path):
    shown = api.get(path).json()
    before = Subscription.objects.get()
    body = {name: shown[name] for name in ("name", "url", "events", "custom_headers", "auth")}
    assert api.patch(path, body).json() == shown
    assert Subscription.objects.get().updated_at == before.updated_at
    api.patch(path, {"custom_headers": {"X-Tenant": MASK, "X-New": "1"}})
    assert stored().headers == {"X-Tenant": "acme-4711", "X-New": "1"}


@pytest.mark.sample(every=4)
@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"custom_headers": ["X-A"]}, "#/custom_headers"),
        ({"custom_headers": None}, "#/custom_headers"),
        ({"custom_headers": {"Host": "x"}}, "#/custom_headers"),
        ({"custom_headers": {"X-A": 5}}, "#/custom_headers"),
        ({"custom_headers": {"X-A": "a\r\nb"}}, "#/custom_headers"),
        ({"custom_headers": {"X-Unknown": MASK}}, "#/custom_headers"),
        ({"custom_headers": {"Authorization": "x"}, "auth": BEARER}, "#/custom_headers"),
        ({"custom_headers": {f"X-{n}": "1" for n in range(21)}}, "#/custom_headers"),
        ({"auth": "secret"}, "#/auth"),
        ({"auth": {"type": "digest"}}, "#/auth"),
        ({"auth": {"type": ["basic"]}}, "#/auth"),
        ({"auth": {"user": "a", "password": "b"}}, "#/auth"),
        ({"auth": {"type": "basic"}}, "#/auth/user"),
        ({"auth": {"type": "basic", "user": "a:b"}}, "#/auth/user"),
        ({"auth": {"type": "basic", "user": "a", "password": 5}}, "#/auth/password"),
        ({"auth": {"type": "basic", "user": "a", "token": "b"}}, "#/auth/token"),
        ({"auth": {"type": "bearer"}}, "#/auth/token"),
        ({"auth": {"type": "bearer", "token": "a b"}}, "#/auth/token"),
        ({"auth": {"type": "bearer", "token": MASK}}, "#/auth/token"),
        ({"auth_password": "x"}, "#/auth_password"),
    ],
)
def test_what_cannot_be_sent_is_refused_where_it_stands(api, fields, place):
    assert wrong(api.post("/api/v1/subscriptions/", BODY | fields)).keys() == {place}
    assert not Subscription.objects.exists()
    company = make_company("Other")
    subscription = make_subscription(company, url="https://example.com/hooks")
    other = program(company)
    assert wrong(other.patch(f"/api/v1/subscriptions/{subscription.resource_id}/", fields)).keys() == {place}


def test_another_server_does_not_get_what_was_stored_for_this_one(api, path):
    assert wrong(api.patch(path, {"url": "https://evil.example.net/"})).keys() == {"#/custom_headers"}
    assert wrong(api.patch(path, {"url": "https://evil.example.net/", "custom_headers": {}})).keys() == {
        "#/auth/password"
    }
    assert Subscription.objects.get().url == "https://example.com/hooks"
    for elsewhere in ("https://example.com/other", "https://example.com/", "https://example.com/hooks/../other"):
        assert "#/auth/password" in wrong(api.patch(path, {"url": elsewhere, "custom_headers": {}})), elsewhere
    assert api.patch(path, {"url": "https://example.com/hooks/calls?a=b"}).status_code == 200
    moved = {"url": "https://new.example.com/", "custom_headers": {"X-Tenant": "other"}, "auth": BEARER}
    assert api.patch(path, moved).status_code == 200
    assert (stored().headers, stored().token, stored().password) == ({"X-Tenant": "other"}, "tok-4711", "")


def test_without_the_scope_nothing_is_written(company, path):
    reader = program(company, ["read"])
    assert reader.patch(path, {"auth": None}).status_code == 403
    assert stored().password == "pass:word"
