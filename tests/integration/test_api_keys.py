"""Keys in the API: made and shown once, rotated with an overlap, revoked; none gives more than it has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from subscriptions.models import ApiKey, AuditEntry, Company
from tests.support.api import ago, program, wrong
from tests.support.factories import make_company

pytestmark = pytest.mark.django_db
URL = "/api/v1/keys/"


@pytest.fixture
def company() -> Company:
    return make_company()


def works(key: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client.get("/api/v1/key/").status_code


def made(company, **fields):
    answer = program(company).post(URL, {"name": "Phone system", "scopes": ["ingest"], **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_key_is_shown_when_it_is_made_and_never_after(company):
    key = made(company)
    assert works(key["key"]) == 403, "it works, and may not read"
    shown = program(company).get(f"{URL}{key['id']}/").json()
    assert "key" not in shown
    assert (shown["scopes"], shown["prefix"]) == (["ingest"], key["key"][:12])
    assert "Created an API key" in AuditEntry.objects.values_list("act", flat=True)


def test_a_key_sees_what_it_is(company):
    own = program(company, ["read"]).get("/api/v1/key/").json()
    assert (own["scopes"], own["company"]) == (["read"], company.resource_id)


def test_after_a_rotation_both_work_until_the_overlap_is_over(company):
    key = made(company, scopes=["read"])
    answer = program(company).post(f"{URL}{key['id']}/rotate/", {"overlap_hours": 2})
    new = answer.json()
    assert answer.status_code == 201
    assert answer["Location"].endswith(f"/keys/{new['id']}/")
    assert (works(key["key"]), works(new["key"])) == (200, 200)
    old = ApiKey.objects.get(pk=key["id"])
    assert timedelta(hours=1, minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=2)
    ApiKey.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert (works(key["key"]), works(new["key"])) == (401, 200)
    assert program(company).post(f"{URL}{key['id']}/rotate/").status_code == 409


def test_a_rotation_does_not_prolong_the_old_key(company):
    soon = timezone.now() + timedelta(minutes=5)
    key = made(company, expires_at=soon.isoformat())
    program(company).post(f"{URL}{key['id']}/rotate/", {"overlap_hours": 24})
    assert ApiKey.objects.get(pk=key["id"]).expires_at == soon


def test_a_revoked_key_is_refused_and_stays_in_the_list(company):
    key = made(company, scopes=["read"])
    for _ in range(2):
        assert program(company).delete(f"{URL}{key['id']}/").status_code == 204
    assert works(key["key"]) == 401
    assert [entry["revoked_at"] is None for entry in program(company).get(URL).json()["results"]].count(False) == 1
    assert AuditEntry.objects.filter(act="Revoked an API key").count() == 1


def test_no_key_gives_what_it_lacks(company):
    manager = program(company, ["manage"])
    assert (
        "scopes that it lacks: read"
        in wrong(manager.post(URL, {"name": "x", "scopes": ["manage", "read"]}))["#/scopes"]
    )


def test_what_is_wrong_is_told(company):
    api = program(company)
    assert "#/scopes/0" in wrong(api.post(URL, {"name": "x", "scopes": ["fly"]}))
    assert "#/scopes" in wrong(api.post(URL, {"name": "x", "scopes": []}))
    assert "past" in wrong(api.post(URL, {"name": "x", "scopes": ["read"], "expires_at": ago(hours=1)}))["#/expires_at"]


def test_only_who_manages_sees_keys(company):
    assert program(company, ["read", "ingest"]).get(URL).status_code == 403


def test_another_companys_keys_are_not_there(company):
    key = made(company)
    other = program(make_company("Other"))
    assert other.get(f"{URL}{key['id']}/").status_code == 404
    assert other.post(f"{URL}{key['id']}/rotate/").status_code == 404
    assert other.delete(f"{URL}{key['id']}/").status_code == 404
    assert key["name"] not in [entry["name"] for entry in other.get(URL).json()["results"]]


def test_no_key_rotates_one_that_may_more(company):
    wide = made(company, scopes=["read", "manage"])
    manager = program(company, ["manage"])
    answer = manager.post(f"{URL}{wide['id']}/rotate/")
    assert (answer.status_code, "key" in answer.json()) == (403, False)
    assert program(company).post(f"{URL}{wide['id']}/rotate/").status_code == 201


def test_a_repeat_by_another_key_tells_nothing_of_the_first_answer(company):
    said = {"name": "x", "scopes": ["read"]}
    once = {"Idempotency-Key": "once"}
    first = program(company).post(URL, said, headers=once)
    assert first.status_code == 201
    repeat = program(company, ["manage"]).post(URL, said, headers=once)
    assert (repeat.status_code, "key" in repeat.json()) == (422, False)


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59Z", "2200-01-01T00:00:00Z"])
def test_a_key_ends_at_a_time_that_every_page_can_tell(company, ends):
    answer = program(company).post(URL, {"name": "x", "scopes": ["read"], "expires_at": ends})
    assert "#/expires_at" in wrong(answer)
