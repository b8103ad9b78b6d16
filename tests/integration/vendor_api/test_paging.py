"""Following links, counting pages and relative paging give the same calls: none twice, none missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.bulk import create_calls
from calls.models import Call
from tests.support.factories import make_company, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


def bring_in(company, count, *, after=None):
    tracker = company.trackers.first() or make_tracker(company)
    start = after or timezone.now() - timedelta(days=2)
    create_calls(
        (
            Call(company=company, tracker=tracker, customer_phone_number=f"+1214555{1000 + number // 3}",
                 start_time=start + timedelta(seconds=number // 2), ended_at=start + timedelta(seconds=number))
            for number in range(count)
        ),
        publish=False,
    )  # fmt: skip


def ids_of(bodies):
    return [call["id"] for body in bodies for call in body["calls"]]


# Pages of ten: the client from the contract alone walks a thousand calls in pages of a hundred.
@pytest.mark.sample(every=3)
@pytest.mark.parametrize("count", [0, 1, 10, 11, 70])
def test_all_ways_find_the_same(company, count):
    bring_in(company, count)
    client = Vendor(company)
    newest_first = Call.objects.filter(company=company).order_by("-start_time", "-pk")
    wanted = list(newest_first.values_list("resource_id", flat=True))
    assert len(wanted) == count
    for way in (client.by_link, client.by_page, client.relative):
        assert ids_of(way("calls.json", per_page=10)) == wanted
    assert ids_of(client.by_page("calls.json", per_page=25)) == wanted


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("way", ["by_link", "by_page", "relative"])
def test_calls_that_arrive_meanwhile_move_no_other(company, way):
    bring_in(company, 30)
    client = Vendor(company)
    wanted = set(Call.objects.values_list("resource_id", flat=True))
    seen = []
    for body in getattr(client, way)("calls.json", per_page=10):
        seen += [call["id"] for call in body["calls"]]
        bring_in(company, 7, after=timezone.now() - timedelta(seconds=20))
    assert len(seen) == len(set(seen))
    assert wanted <= set(seen)


def test_a_page_that_is_asked_for_again_is_the_same(company):
    bring_in(company, 30)
    client = Vendor(company)
    client.get("calls.json", per_page=10)
    second = ids_of([client.get("calls.json", per_page=10, page=2)])
    bring_in(company, 5, after=timezone.now() - timedelta(seconds=20))
    assert ids_of([client.get("calls.json", per_page=10, page=2)]) == second


def test_the_envelope(company):
    bring_in(company, 12)
    client = Vendor(company)
    body = client.get("calls.json", per_page=5, page=2)
    assert list(body) == ["page", "per_page", "total_pages", "total_records", "calls"]
    assert [body[name] for name in list(body)[:4]] == [2, 5, 3, 12]
    assert len(client.get("calls.json", per_page=5, page=9)["calls"]) == 0
    assert client.get("calls.json", per_page=9999)["per_page"] == 250
    assert list(client.get("calls.json", relative_pagination="true")) == ["next_page", "has_next_page", "calls"]


def test_another_order_is_walked_too(company):
    bring_in(company, 12)
    client = Vendor(company)
    for sort in ("customer_phone_number", "duration", "answered", "source_name", "nonsense", ""):
        for order in ("asc", "desc"):
            given = {"sort": sort, "order": order, "per_page": 5}
            found = ids_of(client.by_link("calls.json", **given))
            assert len(set(found)) == 12
            assert ids_of(client.by_page("calls.json", **given)) == found


def test_a_search_counts_and_finds_in_one_statement(company):
    """To look through the calls takes longest: once for a page is enough, the first one and those after it."""
    bring_in(company, 12)
    client = Vendor(company)
    wanted = ids_of([client.get("calls.json", per_page=50)])
    asked = {"search": "214555", "per_page": 5}
    for order in ({}, {"sort": "customer_phone_number"}, {"sort": "duration", "order": "desc"}):
        by_link = list(client.by_link("calls.json", **asked, **order))
        assert [body["total_records"] for body in by_link] == [12, 12, 12]
        assert sorted(ids_of(by_link)) == sorted(wanted)
        assert ids_of(client.by_page("calls.json", **asked, **order)) == ids_of(by_link)
    assert ids_of(client.by_link("calls.json", **asked)) == wanted
    for page, found in ((1, 5), (2, 5), (3, 2)):
        with CaptureQueriesContext(connection) as captured:
            body = client.get("calls.json", **asked, page=page)
        assert (len(body["calls"]), body["total_records"], body["total_pages"]) == (found, 12, 3)
        assert len([each for each in captured if "214555%" in each["sql"]]) == 1
    beyond = client.get("calls.json", **asked, page=9)
    assert (beyond["calls"], beyond["total_records"]) == ([], 12)
    nothing = client.get("calls.json", search="nobody")
    assert (nothing["calls"], nothing["total_records"], nothing["total_pages"]) == ([], 0, 1)


def test_a_page_beyond_the_last_reads_no_rows(company):
    bring_in(company, 3)
    with CaptureQueriesContext(connection) as captured:
        told = Vendor(company).get("calls.json", per_page=2, page=3)
    assert (told["calls"], told["total_records"]) == ([], 3)
    assert not [each["sql"] for each in captured if "calls_call" in each["sql"] and "ORDER BY" in each["sql"]]
