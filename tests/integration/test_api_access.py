"""Who gets in, and what a key's scopes let it do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from subscriptions.models import ApiKey
from subscriptions.models.key_use import LAST_USED_INTERVAL
from tests.support.api import PROBLEM, program, ringing
from tests.support.factories import make_call, make_company, make_key, make_subscription, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer chk_unknown",
        "chk_unknown",
        "Bearer \xff\xfe",
        "Bearer a b",
        "Token x",
    ],
)
def test_without_a_key_that_is_known_nobody_gets_in(company, header):
    client = APIClient()
    if header:
        client.credentials(HTTP_AUTHORIZATION=header)
    for response in (
        client.get("/api/v1/calls/"),
        client.post("/api/v1/calls/", {"bad": "json"}),
        client.get("/api/v1/"),
    ):
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer ")
        assert response["Content-Type"] == PROBLEM
        assert response.json().keys() == {"type", "title", "status", "detail"}
        assert response.json()["title"] == "Unauthorized"


@pytest.mark.parametrize(
    "ended", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}]
)
def test_a_key_that_has_ended_is_refused(company, ended):
    client = program(company)
    assert client.get("/api/v1/calls/").status_code == 200
    ApiKey.objects.update(**ended)
    response = client.get("/api/v1/calls/")
    assert response.status_code == 401
    assert "expired or was revoked" in response.json()["detail"]


def test_the_schemes_name_is_read_as_http_says(company):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"bEARER {make_key(company)}")
    assert client.get("/api/v1/calls/").status_code == 200


def test_a_session_of_the_admin_is_no_key(company, django_user_model):
    client = APIClient()
    client.force_login(django_user_model.objects.create_superuser("root"))
    assert client.get("/api/v1/calls/").status_code == 401


READS = ["calls/", "texts/", "forms/", "trackers/", "tags/", "people/", "subscriptions/", "deliveries/", "events/",
         "event-types/"]  # fmt: skip


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("address", READS)
def test_reading_takes_the_scope_read(company, address):
    assert program(company, ["read"]).get(f"/api/v1/{address}").status_code == 200
    response = program(company, ["ingest", "manage"]).get(f"/api/v1/{address}")
    assert (response.status_code, response["Content-Type"]) == (403, PROBLEM)
    assert response.json()["detail"] == "This API key lacks the scope 'read'. Use a key with that scope."


def _writes(company):
    call, subscription = make_call(company), make_subscription(company)
    ingest = [
        ("post", "calls/"), ("post", "texts/"), ("post", "forms/"), ("post", "trackers/"), ("post", "tags/"),
        ("patch", f"calls/{call.resource_id}/"), ("patch", f"trackers/{call.tracker.resource_id}/"),
    ]  # fmt: skip
    at = f"subscriptions/{subscription.resource_id}/"
    manage = [
        ("post", "subscriptions/"), ("patch", at), ("delete", at), ("post", at + "secret/"), ("post", at + "pause/"),
        ("post", at + "resume/"), ("post", at + "rotate/"), ("post", "deliveries/1/resend/"),
        ("post", "deliveries/1/cancel/"),
    ]  # fmt: skip
    return {"ingest": ingest, "manage": manage}


@pytest.mark.parametrize("scope", ["ingest", "manage"])
def test_writing_takes_the_scope_of_what_is_written(company, scope):
    others = [other for other in ("read", "ingest", "manage") if other != scope]
    allowed, refused = program(company, [scope]), program(company, others)
    for method, address in _writes(company)[scope]:
        # An unknown field, so that nothing is done: what counts is whether the request gets that far.
        answer = getattr(refused, method)(f"/api/v1/{address}", {"unknown": 1})
        assert answer.status_code == 403, (method, address)
        assert f"'{scope}'" in answer.json()["detail"]
        assert getattr(allowed, method)(f"/api/v1/{address}", {"unknown": 1}).status_code != 403, (method, address)


def test_when_a_key_was_last_used_is_known(company):
    client = program(company)
    assert ApiKey.objects.get().last_used_at is None
    client.get("/api/v1/calls/")
    used = ApiKey.objects.get().last_used_at
    assert timezone.now() - used < timedelta(minutes=1)
    client.post("/api/v1/calls/", ringing(make_tracker(company).phone_number))
    assert ApiKey.objects.get().last_used_at == used  # not one write for every request
    ApiKey.objects.update(last_used_at=used - LAST_USED_INTERVAL)
    client.get("/api/v1/calls/")
    assert ApiKey.objects.get().last_used_at > used
