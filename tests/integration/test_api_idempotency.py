"""`Idempotency-Key`: a request that is sent again is carried out once, whatever happened in between."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from calls.models import Call
from subscriptions.maintenance import retention
from subscriptions.models import Company, IdempotentAnswer, Subscription
from tests.support.api import happened, program, ringing
from tests.support.factories import make_company, make_tracker
from tests.support.faults import refused_rows
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/calls/"


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def body(company) -> dict:
    return ringing(make_tracker(company).phone_number)


def post(api, body, key="k-1", url=URL):
    return api.post(url, body, HTTP_IDEMPOTENCY_KEY=key)


def test_a_repeat_gets_the_first_answer_and_does_nothing(company, body):
    api = program(company)
    first = post(api, body)
    call = Call.objects.get()
    call.note = "Changed meanwhile"
    call.save()
    second = post(api, body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert (second["Location"], second["ETag"]) == (first["Location"], first["ETag"])
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Call.objects.count() == 1
    assert happened(call.resource_id) == ["pre_call"]


@pytest.mark.parametrize("other", ["body", "address"])
def test_the_key_with_another_request_is_refused(company, body, other):
    api = program(company)
    post(api, body)
    answer = post(api, {**body, "note": "x"}) if other == "body" else post(api, body, url="/api/v1/texts/")
    assert answer.status_code == 422
    assert "used for another request" in answer.json()["detail"]
    assert Call.objects.count() == 1


def test_one_under_way_is_a_409_and_no_wait(company, body):
    api = program(company)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('idempotency k-1', %s))", [company.pk])
        (answer,) = at_once([lambda: post(api, body)])
    assert answer.status_code == 409
    assert "still running" in answer.json()["detail"]
    assert post(api, body).status_code == 201


def test_many_at_the_same_moment_are_carried_out_once(company, body):
    api = program(company)
    answers = at_once([lambda: post(api, body)] * 6)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert Call.objects.count() == 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1


def test_a_refused_request_may_be_put_right_under_its_key(company, body):
    api = program(company)
    assert post(api, {**body, "direction": "sideways"}).status_code == 400
    assert post(api, body).status_code == 201


def test_a_fault_keeps_neither_the_effect_nor_the_key(company, body):
    """The answer is stored in the transaction of the request: no crash leaves one without the other."""
    api = program(company)
    api.raise_request_exception = False
    with refused_rows("subscriptions_idempotentanswer"):
        assert post(api, body).status_code == 500
    assert not Call.objects.exists()
    assert post(api, body).status_code == 201


def test_each_company_has_its_own_keys(company, body):
    other = make_company("Other")
    assert post(program(company), body).status_code == 201
    theirs = ringing(make_tracker(other, phone_number="+14045550177").phone_number)
    assert post(program(other), theirs).status_code == 201


def test_another_api_key_of_the_company_does_not_get_the_stored_answer(company, body):
    """It may hold what was shown once, such as a new secret."""
    assert post(program(company), body).status_code == 201
    answer = post(program(company), body)
    assert answer.status_code == 422
    assert "Idempotency-Replayed" not in answer.headers


def test_it_works_for_changes_too(company, body):
    api = program(company)
    url = URL + post(api, body).json()["resource_id"] + "/"
    for _ in range(2):
        answer = api.patch(url, {"note": "once"}, HTTP_IDEMPOTENCY_KEY="k-2")
        assert (answer.status_code, answer.json()["note"]) == (200, "once")
    assert answer["Idempotency-Replayed"] == "true"


def test_a_quoted_key_is_the_same_as_a_bare_one(company, body):
    api = program(company)
    post(api, body, key='"k-1"')
    assert post(api, body, key="k-1")["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a" * 256, "\xfcmlaut", "two words"])
def test_a_key_that_is_none_is_told(company, body, key):
    answer = post(program(company), body, key=key)
    assert answer.status_code == 400
    assert "printable ASCII" in answer.json()["detail"]


def test_a_kept_answer_hides_the_secret_that_is_in_it(company):
    api = program(company)
    body = {"name": "CRM", "url": "https://example.com/hooks", "events": ["pre_call"]}
    secret = post(api, body, url="/api/v1/subscriptions/").json()["secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM subscriptions_idempotentanswer")
        (stored,) = cursor.fetchone()
    assert secret not in stored
    assert secret not in json.dumps(stored)
    assert post(api, body, url="/api/v1/subscriptions/").json()["secret"] == secret
    assert Subscription.objects.count() == 1


def test_they_go_after_a_day(company, body):
    post(program(company), body)
    retention.delete_expired()
    assert IdempotentAnswer.objects.exists()
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    retention.delete_expired()
    assert not IdempotentAnswer.objects.exists()
