"""Lists over many rows look through a bounded number of them, say so, and lead further back: no row is passed by."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calls.models import Call
from subscriptions.admin import delivery_scans
from subscriptions.admin.kit import bounded_lists, export, index_scans
from subscriptions.models import Delivery, Event, Membership
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db

DELIVERIES = reverse("admin:subscriptions_delivery_changelist")
EVENTS = reverse("admin:subscriptions_event_changelist")
CALLS = reverse("admin:calls_call_changelist")
FURTHER = "Search older rows"


@pytest.fixture(autouse=True)
def bound(monkeypatch):
    """Four rows are looked through instead of tens of thousands."""
    monkeypatch.setattr(index_scans, "SCAN_LIMIT", 4)
    monkeypatch.setattr(delivery_scans, "_EVENT_SCAN_LIMIT", 4)


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def subscription(company):
    return factories.make_subscription(company, events=["pre_call", "post_call"])


@pytest.fixture
def client(company):
    user = factories.make_member(company)
    client = login(user)
    client.user = user  # type: ignore[attr-defined]
    return client


@pytest.fixture
def operator(django_user_model):
    return login(django_user_model.objects.create_superuser("operator@example.com", password="x"))


def past(company, subscription, number: int, *, type: str = "post_call", **fields) -> list[int]:
    """Deliveries of the last hours, one every hour; the newest first."""
    made = []
    for index in range(number):
        at = timezone.now() - timedelta(hours=index + 1)
        event = Event.objects.create(
            company=company, type=type, subject_id=f"CAL{company.pk:016x}{Event.objects.count():016x}",
            sequence=1, body=b"{}", created_at=at,
        )  # fmt: skip
        state = {"state": "delivered", "status_code": 200, "attempts": 1, **fields}
        made.append(
            Delivery.objects.create(
                company=company, event=event, subscription=subscription, created_at=at, finished_at=at, **state
            ).pk
        )
    return made


def page(client, url: str) -> tuple[list, str]:
    answer = client.get(url)
    assert answer.status_code == 200, answer
    return [row.pk for row in answer.context["cl"].result_list], answer.content.decode()


def link(shown: str, words: str) -> str:
    found = re.search(rf'href="([^"]*)">{words}', shown)
    return html.unescape(found[1]) if found else ""


def read_on(client, url: str) -> list[list]:
    """The rows of each step, until there is nothing further back."""
    steps, query = [], url
    while query:
        assert len(steps) < 20
        rows, shown = page(client, query)
        steps.append(rows)
        further = link(shown, FURTHER)
        query = f"{url.partition('?')[0]}{further}" if further else ""
    return steps


def test_what_no_index_finds_is_looked_for_step_by_step_and_all_of_it_is_found(client, company, subscription):
    rows = past(company, subscription, 11)
    Delivery.objects.filter(pk=rows[0]).update(status_code=503)
    Delivery.objects.filter(pk=rows[-1]).update(status_code=503)
    steps = read_on(client, f"{DELIVERIES}?answer=5xx")
    assert [row for step in steps for row in step] == [rows[0], rows[-1]]
    assert len(steps) == 3


@pytest.mark.sample(every=2)
@pytest.mark.parametrize("query", ["", "?since=all", "?type=post_call", "?since=all&type=post_call"])
def test_what_an_index_finds_is_shown_at_once(client, company, subscription, query):
    rows = past(company, subscription, 9)
    assert page(client, DELIVERIES + query)[0] == rows
    assert FURTHER not in page(client, DELIVERIES + query)[1]


def test_failures_of_any_time_are_found_at_once(client, company, subscription):
    past(company, subscription, 9)
    old = past(company, subscription, 10)[-1]
    Delivery.objects.filter(pk=old).update(state="failed")
    rows, shown = page(client, f"{DELIVERIES}?since=all&state=failed")
    assert rows == [old]
    assert FURTHER not in shown


def test_it_says_how_far_back_that_led(client, company, subscription):
    past(company, subscription, 6)
    _, shown = page(client, f"{DELIVERIES}?answer=5xx")
    assert "Searched the newest 4 rows, back to" in shown
    _, shown = page(client, DELIVERIES + link(shown, FURTHER))
    assert FURTHER not in shown
    assert "Showing only rows before" in shown
    assert page(client, DELIVERIES + link(shown, "Back to the newest"))[1].count("Searched the newest 4 rows") == 1


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_where_all_of_the_chosen_time_was_looked_through_it_says_nothing(who, client, operator, company, subscription):
    rows = past(company, subscription, 9)
    Delivery.objects.filter(pk__in=rows[3:]).update(created_at=timezone.now() - timedelta(days=3))
    Event.objects.filter(deliveries__in=rows[3:]).update(created_at=timezone.now() - timedelta(days=3))
    asking = client if who == "admin" else operator
    if who == "operator":  # an operator's newest rows are those with the greatest numbers
        Delivery.objects.filter(pk__in=rows).update(created_at=timezone.now() - timedelta(days=3))
        Delivery.objects.filter(pk__in=sorted(rows)[-3:]).update(created_at=timezone.now())
    for query in ("?answer=5xx", "?state=pending"):
        assert FURTHER not in page(asking, DELIVERIES + query)[1]
        assert FURTHER in page(asking, f"{DELIVERIES}{query}&since=all")[1]


def test_rows_of_one_moment_are_not_torn_apart(client, company, subscription):
    rows = past(company, subscription, 9)
    at = timezone.now() - timedelta(hours=1)
    Delivery.objects.filter(pk__in=rows).update(created_at=at, status_code=503)
    (all_at_once, *rest) = read_on(client, f"{DELIVERIES}?answer=5xx")
    assert set(all_at_once) == set(rows)
    assert not any(rest)


def test_an_operator_reads_along_the_numbers_of_rows(operator, company, subscription):
    rows = past(company, subscription, 10)
    steps = read_on(operator, f"{DELIVERIES}?since=7d")
    assert [row for step in steps for row in step] == sorted(rows, reverse=True)
    assert len(steps) > 1


def test_an_operator_finds_events_of_a_type_step_by_step(operator, company, subscription):
    rare = past(company, subscription, 1, type="pre_call")
    past(company, subscription, 9)
    steps = read_on(operator, f"{DELIVERIES}?type=pre_call")
    assert [row for step in steps for row in step] == rare
    assert len(steps) > 1
    assert len(read_on(operator, f"{EVENTS}?type=pre_call")) > 1


def test_of_several_companies_each_has_its_share(company, subscription):
    other = factories.make_company("Other")
    theirs = factories.make_subscription(other)
    user = factories.make_member(company)
    Membership.objects.create(company=other, user=user, role="admin")
    rows = past(company, subscription, 7) + past(other, theirs, 3)
    steps = read_on(login(user), DELIVERIES)
    assert sorted(row for step in steps for row in step) == sorted(rows)
    assert len(steps) > 1


def test_pages_of_several_companies_are_cut_where_one_would_cut_them_all_together(company, subscription, monkeypatch):
    monkeypatch.setattr(bounded_lists.BoundedChangeList, "__init__", _with_pages_of(3))
    monkeypatch.setattr(index_scans, "SCAN_LIMIT", 100)
    monkeypatch.setattr(delivery_scans, "_EVENT_SCAN_LIMIT", 100)
    other = factories.make_company("Other")
    user = factories.make_member(company)
    Membership.objects.create(company=other, user=user, role="admin")
    past(company, subscription, 4)
    past(other, factories.make_subscription(other), 6)
    client = login(user)
    for query, order in (("", ("-created_at", "-pk")), ("&type=post_call", ("-event__created_at", "-event_id", "-pk"))):
        newest = list(Delivery.objects.order_by(*order).values_list("pk", flat=True))
        shown = [page(client, f"{DELIVERIES}?p={number}{query}")[0] for number in (1, 2, 3, 4)]
        assert shown == [newest[0:3], newest[3:6], newest[6:9], newest[9:]]


def test_the_history_of_a_row_opens_for_a_member_of_several_companies(company, subscription):
    user = factories.make_member(company)
    Membership.objects.create(company=factories.make_company("Other"), user=user, role="admin")
    (row,) = past(company, subscription, 1)
    assert login(user).get(reverse("admin:subscriptions_delivery_history", args=[row])).status_code == 200


def test_another_company_is_not_looked_through(client, company):
    """Neither its rows nor how many it has."""
    other = factories.make_company("Other")
    theirs = factories.make_subscription(other)
    past(other, theirs, 9)
    mine = factories.make_company("Mine too")
    Membership.objects.create(company=mine, user=client.user, role="admin")
    for query in (f"subscription={theirs.pk}&answer=5xx", f"company={other.pk}&answer=5xx", "type=post_call&answer=5xx",
                  f"subscription={theirs.pk}&type=post_call&state=pending", "state=failed&answer=5xx"):  # fmt: skip
        rows, shown = page(client, f"{DELIVERIES}?{query}")
        assert rows == []
        assert "Searched" not in shown, query


def test_turning_the_page_stays_where_one_is_and_another_filter_begins_anew(client, company, subscription, monkeypatch):
    monkeypatch.setattr(bounded_lists.BoundedChangeList, "__init__", _with_pages_of(1))
    past(company, subscription, 9, status_code=503)
    _, shown = page(client, f"{DELIVERIES}?answer=5xx")
    further = link(shown, FURTHER)
    _, shown = page(client, DELIVERIES + further)
    turned = re.search(r'href="(\?[^"]*p=2[^"]*)"', shown)
    assert turned is not None
    assert "before=" in turned[1]
    filters = re.findall(r'href="(\?[^"]*since=7d[^"]*)"', shown)
    assert filters
    assert not any("before=" in one for one in filters)


def _with_pages_of(number: int):
    made: Any = bounded_lists.BoundedChangeList.__init__

    def init(self, *args):
        made(self, *args[:8], number, *args[9:])

    return init


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("before", ["x", "2026-01-01", "2026-01-01T00:00:00", "9" * 40, "\x00"])
def test_a_place_that_is_none_leads_to_the_whole_list(client, company, subscription, before):
    past(company, subscription, 1)
    answer = client.get(DELIVERIES, {"before": before}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(f"{DELIVERIES}?e=1", 302)]


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("before", ["x", "9" * 40, "2026-01-01T00:00:00Z"])
def test_a_place_that_is_none_breaks_no_operators_list(operator, before):
    assert operator.get(DELIVERIES, {"before": before}, follow=True).status_code == 200
    assert operator.get(EVENTS, {"before": before}, follow=True).status_code == 200
    assert operator.get(DELIVERIES, {"before": before, "type": "post_call"}, follow=True).status_code == 200


def test_the_file_goes_all_the_way_back(client, company, subscription):
    rows = past(company, subscription, 9, status_code=503)
    answer = client.get(reverse("admin:subscriptions_delivery_export"), {"answer": "5xx"})
    assert answer.getvalue().decode("utf-8-sig").count("\r\n") == 1 + len(rows)
    assert len(rows) < export.MAX_ROWS


def test_a_later_page_joins_only_its_own_rows(client, company, subscription, monkeypatch):
    monkeypatch.setattr(bounded_lists.BoundedChangeList, "__init__", _with_pages_of(2))
    rows = past(company, subscription, 5)
    with CaptureQueriesContext(connection) as queries:
        found, _ = page(client, f"{DELIVERIES}?p=3")
    assert found == rows[4:]
    passed = [query["sql"] for query in queries if "OFFSET 4" in query["sql"]]
    assert len(passed) == 1
    assert "JOIN" not in passed[0]


def test_calls_are_looked_through_the_same_way(client, company):
    tracker = factories.make_tracker(company)
    for index in range(7):
        factories.ended_call(company, tracker, start_time=timezone.now() - timedelta(days=index + 1), ended_at=None)
    oldest = Call.objects.order_by("start_time")[0]
    Call.objects.filter(pk=oldest.pk).update(direction="outbound")
    steps = read_on(client, f"{CALLS}?direction__exact=outbound")
    assert [row for step in steps for row in step] == [oldest.pk]
    assert len(steps) == 2
    assert page(client, f"{CALLS}?tracker={tracker.pk}")[0] == list(
        Call.objects.order_by("-start_time").values_list("pk", flat=True)
    )


def test_an_operator_looks_through_calls_in_the_order_in_which_they_came(operator, company):
    """Past ones are brought in later: the time of the last one that was looked at says nothing about the others."""
    tracker = factories.make_tracker(company)
    for index in range(7):
        at = timezone.now() - timedelta(days=30 if index == 3 else 0, hours=index)
        factories.make_call(company, tracker, start_time=at, direction="outbound")
    steps = read_on(operator, f"{CALLS}?since=24h&direction__exact=outbound")
    assert len([row for step in steps for row in step]) == 6
    assert len(steps) == 2
    assert "Sorted by arrival." in page(operator, CALLS)[1]
    assert "In the order in which" not in page(operator, f"{CALLS}?company={company.pk}")[1]
    shown = page(operator, f"{CALLS}?direction__exact=inbound")[1]
    assert "Searched the newest 4 rows. <a" in shown


def test_a_search_says_where_it_stops(client, company, monkeypatch):
    monkeypatch.setattr("subscriptions.admin.kit.subjects.SEARCH_LIMIT", 3)
    monkeypatch.setattr(bounded_lists, "SEARCH_LIMIT", 3)
    for index in range(5):
        at = timezone.now() - timedelta(days=index)
        factories.ended_call(company, customer_phone_number="+12145550111", start_time=at)
    newest = list(Call.objects.order_by("-start_time").values_list("pk", flat=True)[:3])
    rows, shown = page(client, f"{CALLS}?q=%2B12145550111")
    assert rows == newest
    assert "Showing the newest 3 results." in shown
    assert "A search shows" not in page(client, f"{CALLS}?q=nonsense")[1]


def test_a_call_is_found_by_what_another_system_calls_it_and_by_the_number_that_was_called(client, company):
    tracker = factories.make_tracker(company, phone_number="+14045550177")
    call = factories.ended_call(company, tracker, external_source="pbx", external_id="A-1")
    factories.ended_call(company)
    assert page(client, f"{CALLS}?q=A-1")[0] == [call.pk]
    assert page(client, f"{CALLS}?q=%28404%29+555-0177")[0] == [call.pk]
