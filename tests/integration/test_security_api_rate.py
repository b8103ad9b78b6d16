"""How many requests a key may send, counted for all processes together, and what the answers say about it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from subscriptions.models import ApiKeyRate
from tests.support.api import PROBLEM, program
from tests.support.factories import make_company, make_text

PATH = "/api/v1/texts/"


def statuses(api: Any, count: int) -> list[int]:
    return [api.get(PATH).status_code for _ in range(count)]


def later(seconds: float) -> None:
    """As if so much time had passed."""
    ApiKeyRate.objects.update(used_until=F("used_until") - timedelta(seconds=seconds))


@pytest.mark.django_db
def test_a_minutes_worth_may_come_at_once_and_no_more(settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 3
    api = program(make_company())
    assert statuses(api, 5) == [200] * 3 + [429] * 2


@pytest.mark.django_db
def test_a_refusal_says_when_to_go_on_and_does_nothing(settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 1
    company = make_company()
    api = program(company)
    assert statuses(api, 1) == [200]
    refused = api.post(
        "/api/v1/subscriptions/", {"name": "CRM", "url": "https://example.com/", "events": ["post_call"]}
    )
    assert (refused.status_code, refused["Content-Type"], refused.json()["title"]) == (
        429,
        PROBLEM,
        "Too Many Requests",
    )
    assert 40 <= int(refused.headers["Retry-After"]) <= 60
    assert "1 requests per minute" in refused.json()["detail"]
    assert not company.subscriptions.exists()
    later(float(refused.headers["Retry-After"]))
    assert statuses(api, 2) == [200, 429]


@pytest.mark.django_db
def test_room_comes_back_evenly(settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 3
    api = program(make_company())
    assert statuses(api, 3) == [200] * 3
    later(40)
    assert statuses(api, 3) == [200, 200, 429]
    later(3600)
    assert statuses(api, 4) == [200] * 3 + [429]  # an hour of silence is worth a minute, not an hour


@pytest.mark.django_db
def test_every_answer_says_how_the_key_stands(settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 4
    api = program(make_company())
    for used, path in enumerate((PATH, "/api/v1/event-types/", "/api/v1/calls/CAL" + "0" * 32 + "/"), start=1):
        headers = api.get(path).headers
        assert headers["RateLimit-Limit"] == "4"
        assert int(headers["RateLimit-Remaining"]) == 4 - used
        assert used * 15 - 14 < int(headers["RateLimit-Reset"]) <= used * 15
    assert statuses(api, 1) == [200]
    refused = api.get(PATH)
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert 45 < int(refused.headers["RateLimit-Reset"]) <= 60


@pytest.mark.django_db
def test_keys_do_not_share_and_neither_do_companies(settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 1
    company = make_company()
    assert statuses(program(company), 2) == [200, 429]
    assert statuses(program(company), 2) == [200, 429]
    assert statuses(program(make_company("Other")), 1) == [200]


@pytest.mark.django_db
def test_a_request_without_a_key_is_refused_for_that(settings: Any, client: Any):
    settings.API_REQUESTS_PER_MINUTE = 1
    for _ in range(3):
        answer = client.get(PATH)
        assert answer.status_code == 401
        assert "RateLimit-Limit" not in answer.headers
    assert not ApiKeyRate.objects.exists()


@pytest.mark.django_db
def test_no_limit_counts_nothing(settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 0
    api = program(make_company())
    assert statuses(api, 3) == [200] * 3
    assert "RateLimit-Limit" not in api.get(PATH).headers
    assert not ApiKeyRate.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cleaned_by_deleting")
def test_processes_that_count_at_the_same_moment_let_none_slip_through(settings: Any):
    """Each thread has its own connection, as each process would."""
    settings.API_REQUESTS_PER_MINUTE = 2
    company = make_company()
    make_text(company)
    api = program(company)

    def some(_: int) -> list[int]:
        try:
            return statuses(api, 10)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        found = [status for part in pool.map(some, range(5)) for status in part]
    assert (found.count(200), found.count(429)) == (2, 48)


@pytest.mark.django_db
def test_counting_writes_nothing_to_the_disk():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'subscriptions_apikeyrate'")
        assert cursor.fetchone() == ("u",)
