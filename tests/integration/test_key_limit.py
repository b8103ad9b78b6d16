"""A company has a limited number of keys that work: each has a rate of its own, so enough keys would have any rate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from subscriptions.models import ApiKey, access
from tests.support.api import program
from tests.support.factories import make_company

pytestmark = pytest.mark.django_db
URL = "/api/v1/keys/"
BODY = {"name": "One more", "scopes": ["read"]}
REFUSED = "The company has 3 API keys that work, the most it may have. Revoke some first."


@pytest.fixture
def company(monkeypatch):
    monkeypatch.setattr(access, "MOST_KEYS", 3)
    return make_company()


def test_one_too_many_is_refused_and_a_revoked_one_makes_room(company):
    client = program(company)  # has the first
    ids = [client.post(URL, BODY).json()["id"] for _ in range(2)]
    answer = client.post(URL, BODY)
    assert (answer.status_code, answer.json()["detail"]) == (409, REFUSED)
    with pytest.raises(ValidationError) as invalid:
        ApiKey(company=company, **BODY).clean()
    assert invalid.value.messages == [REFUSED]
    assert client.delete(f"{URL}{ids[0]}/").status_code == 204
    assert client.post(URL, BODY).status_code == 201
    ApiKey.objects.filter(pk=ids[1]).update(expires_at=timezone.now() - timedelta(hours=1))
    assert client.post(URL, BODY).status_code == 201
    assert program(make_company("Another")).post(URL, BODY).status_code == 201


def test_all_keys_can_be_replaced_but_not_again_and_again(company):
    client = program(company)
    key = client.post(URL, BODY).json()["id"]
    client.post(URL, BODY)
    answers = []
    for _ in range(4):
        answer = client.post(f"{URL}{key}/rotate/", {"overlap_hours": 168})
        answers.append(answer.status_code)
        key = answer.json().get("id", key)
    assert answers == [201, 201, 201, 409]
