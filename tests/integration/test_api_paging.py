"""Lists come in pages by cursor; every row comes once, whatever happens meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calls.models import Call, Tag
from subscriptions.models import Event
from tests.support.api import program, wrong
from tests.support.factories import START, make_call, make_company, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read"])


def pages(api, address, **parameters):
    response = api.get(address, parameters)
    while True:
        assert response.status_code == 200, response.content
        body = response.json()
        yield body["results"]
        if not body["next"]:
            return
        assert body["results"], "a page that is not the last is not empty"
        response = api.get(body["next"])


def test_newest_first_and_each_once_even_of_one_moment(api, company):
    tracker = make_tracker(company)
    many = 1_300  # more than the framework's own cursor can count
    Call.objects.bulk_create(
        Call(company=company, tracker=tracker, start_time=START - timedelta(days=number % 2)) for number in range(many)
    )
    found = [each for page in pages(api, "/api/v1/calls/", page_size=100) for each in page]
    assert len({each["resource_id"] for each in found}) == len(found) == many
    assert [each["start_time"] for each in found] == sorted((each["start_time"] for each in found), reverse=True)


def test_a_row_that_arrives_meanwhile_moves_no_page(api, company):
    tracker = make_tracker(company)
    calls = [make_call(company, tracker, start_time=START + timedelta(minutes=turn)) for turn in range(4)]
    first = api.get("/api/v1/calls/?page_size=2").json()
    make_call(company, tracker, start_time=START + timedelta(minutes=9))
    second = api.get(first["next"]).json()
    assert [each["resource_id"] for each in second["results"]] == [calls[1].resource_id, calls[0].resource_id]
    assert second["next"] is None


def test_filters_stay_on_the_next_pages(api, company):
    tracker = make_tracker(company)
    for turn in range(6):
        make_call(company, tracker, start_time=START, direction="outbound" if turn % 2 else "inbound")
    found = list(pages(api, "/api/v1/calls/", page_size=1, direction="outbound"))
    assert [len(page) for page in found] == [1, 1, 1]
    assert {page[0]["direction"] for page in found} == {"outbound"}


def test_every_list_has_pages(api, company):
    for turn in range(3):
        Tag.objects.create(company=company, name=f"Tag {turn}")
        make_call(company, customer_phone_number=f"+1214555012{turn}")
    for kind in ("tags", "people", "trackers", "events", "calls"):
        found = [page[0] for page in pages(api, f"/api/v1/{kind}/", page_size=1)]
        assert len(found) == 3, kind
        assert len({str(each) for each in found}) == 3, kind
    ids = [page[0]["id"] for page in pages(api, "/api/v1/events/", page_size=1)]
    assert ids == [event.webhook_id for event in Event.objects.order_by("-created_at", "-pk")]


def test_calls_of_a_span_of_time(api, company):
    tracker = make_tracker(company)
    calls = [make_call(company, tracker, start_time=START + timedelta(hours=turn)) for turn in range(3)]
    span = {"start_time_after": calls[1].start_time.isoformat(), "start_time_before": calls[2].start_time.isoformat()}
    (page,) = pages(api, "/api/v1/calls/", **span)
    assert [each["resource_id"] for each in page] == [calls[1].resource_id]
    response = api.get(f"/api/v1/calls/?start_time_after={START.isoformat()}")  # with a + that was not encoded
    assert "%2B" in wrong(response)["start_time_after"]


@pytest.mark.parametrize("size", ["0", "-1", "101", "x", "", "1.5", "9" * 5000, "²", "%00"])
def test_a_size_that_is_none(api, size):
    assert wrong(api.get(f"/api/v1/calls/?page_size={size}")).keys() == {"page_size"}


@pytest.mark.sample(every=5)
@pytest.mark.parametrize(
    "cursor",
    ["x", "%00", "AAAA", "bnVsbA", "W10", "WyIxIl0", "WyIyMDI2LTAxLTAxIDAwOjAwIiwgIngiXQ", "e30", "WyJ4IiwgIjEiXQ", "ü",
     "WyI5OTk5LTEyLTMxIDIzOjU5OjU5LTIzOjU5IiwgIjEiXQ", "WyJcdTAwMDAiLCAiMSJd", "W1tdLCB7fV0",
     "WyIyMDI2LTAxLTAxIDAwOjAwKzAwOjAwIiwgIjk5OTk5OTk5OTk5OTk5OTk5OTk5OTkiXQ"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["calls", "tags", "events"])
def test_a_cursor_that_is_none(api, company, kind, cursor):
    response = api.get(f"/api/v1/{kind}/?cursor={cursor}")
    if response.status_code != 200:  # some are well formed, and name a place before or after all rows
        assert wrong(response).keys() == {"cursor"}


def test_oldest_first_each_once_for_who_catches_up(company):
    tracker = make_tracker(company)
    for _ in range(5):
        make_call(company, tracker)
    api = program(company)
    seen, url = [], "/api/v1/events/?order=oldest&page_size=2"
    while url:
        page = api.get(url).json()
        seen += [event["id"] for event in page["results"]]
        url = page["next"]
    newest = [event["id"] for event in api.get("/api/v1/events/").json()["results"]]
    assert seen == newest[::-1]
    assert len(seen) == 5
    assert api.get("/api/v1/events/?order=sideways").status_code == 400
