"""Contract 15.2: walks along pages, `Link` and `next_page` see the same rows, none twice, none left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from subscriptions.models import Company
from tests.support.contract_client import ContractClient
from tests.support.contract_rows import SIZES, arrivals, fill
from tests.support.factories import make_company, make_key

LISTS = ("calls", "form_submissions", "text-messages", "sms-threads", "leads", "trackers", "tags", "users")
BY_TIME = ("calls", "form_submissions", "text-messages", "sms-threads", "leads")
WALKS = [(path, walk) for path in LISTS for walk in ("pages", "links")] + [("calls", "relative")]


class Filled:
    def __init__(self, size: int, newest: datetime) -> None:
        self.newest = newest
        self.company: Company = make_company(f"With {size}")
        self.token = make_key(self.company)
        self.ids = fill(self.company, size, newest)

    def client(self) -> ContractClient:
        return ContractClient(self.token)


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[int, Filled]]:
    """Made once, inside a transaction that is rolled back when the module is done."""
    with django_db_blocker.unblock(), transaction.atomic():
        newest = timezone.now().replace(microsecond=0)
        yield {size: Filled(size, newest) for size in SIZES}
        transaction.set_rollback(True)


def dates(path: str) -> dict[str, str]:
    return {"date_range": "all_time"} if path == "sms-threads" else {}


def key_of(path: str) -> str:
    return "email" if path == "users" else "id"


def walked(client: ContractClient, walk: str, path: str, **params: Any) -> list[Any]:
    rows = chain.from_iterable(getattr(client, walk)(path, **dates(path), **params))
    return [row[key_of(path)] for row in rows]


@pytest.mark.sample(every=3)
@pytest.mark.django_db
@pytest.mark.parametrize(("path", "walk"), WALKS)
def test_a_walk_sees_each_row_once(filled, path, walk):
    for size in SIZES:
        more = {"per_page": 250} if size == 251 and path != "calls" else {}
        found = walked(filled[size].client(), walk, path, **more)
        assert len(found) == len(set(found)), size
        assert set(found) == set(filled[size].ids[path]), size


@pytest.mark.django_db
@pytest.mark.parametrize("size", SIZES)
def test_envelope_tells_how_many_there_are(filled, size):
    body = filled[size].client().get("calls", per_page=100)
    assert (body["page"], body["per_page"], body["total_records"]) == (1, 100, size)
    assert len(body["calls"]) == min(size, 100)


@pytest.mark.sample(every=2)
@pytest.mark.django_db
@pytest.mark.parametrize("path", BY_TIME[:4])
def test_newest_come_first(filled, path):
    found = walked(filled[101].client(), "pages", path)
    times = {row_id: index // 3 for index, row_id in enumerate(filled[101].ids[path])}
    assert [times[row_id] for row_id in found] == sorted(times.values())


@pytest.mark.sample(every=3)
@pytest.mark.django_db
@pytest.mark.parametrize("walk", ["pages", "links", "relative"])
@pytest.mark.parametrize(("sort", "order"), [("customer_name", "asc"), ("duration", "desc"), ("start_time", "asc")])
def test_a_sorted_walk_sees_each_row_once(filled, walk, sort, order):
    found = walked(filled[101].client(), walk, "calls", sort=sort, order=order, per_page=25)
    assert sorted(found) == sorted(filled[101].ids["calls"])


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 100])
def test_one_page_has_no_link(filled, size):
    client = filled[size].client()
    assert client.ask("GET", "calls").next_link is None
    assert client.get("calls", relative_pagination="true")["has_next_page"] is False


@pytest.mark.django_db
def test_all_parameters_stay_in_the_link(filled):
    client = filled[101].client()
    answer = client.ask("GET", "calls", None, {"tags[]": ["a", "b"], "unknown": "x y", "per_page": 10})
    assert answer.next_link is None  # no call has these tags
    link = client.ask("GET", "calls", None, {"fields": "note,tags", "unknown": "x y", "per_page": 10}).next_link
    assert all(part in link for part in ("fields=note", "tags", "unknown=x", "per_page=10", "page=2"))
    assert "/calls.json?" in link


@pytest.mark.django_db
def test_relative_offset_counts_pages(filled):
    client = filled[101].client()
    assert [call["id"] for call in client.get("calls", relative_pagination="true", offset=9, per_page=10)["calls"]] == [
        call["id"] for call in client.get("calls", page=10, per_page=10)["calls"]
    ]


@pytest.mark.django_db
def test_the_next_page_of_relative_paging_may_be_asked_twice(filled):
    client = filled[101].client()
    url = client.get("calls", relative_pagination="true", per_page=10)["next_page"]
    path = url.partition("localhost")[2]
    assert client.get(path) == client.get(path) == client.get(path, relative_pagination="true")


@pytest.mark.django_db
def test_per_page_is_250_at_most(filled):
    for path in LISTS:
        body = filled[101].client().get(path, per_page=1000, **dates(path))
        assert body["per_page"] == 250
    assert len(filled[251].client().get("leads", per_page=1000)["leads"]) == 250


@pytest.mark.django_db
def test_a_page_past_the_end_is_empty(filled):
    for path in LISTS:
        answer = filled[101].client().ask("GET", path, None, {"page": 7, **dates(path)})
        assert list(answer.body.values())[-1] == []
        assert answer.body["total_records"] == 101
        assert answer.next_link is None


@pytest.mark.django_db
def test_one_row_is_enough_to_try_a_key(filled):
    for path in LISTS:
        body = filled[101].client().get(path, per_page=1, **dates(path))
        assert (body["per_page"], body["total_pages"], len(list(body.values())[-1])) == (1, 101, 1)


@pytest.mark.sample(every=3)
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "walk"), [(path, walk) for path in BY_TIME for walk in ("pages", "links")] + [("calls", "relative")]
)
def test_rows_that_arrive_between_pages_move_no_other(filled, path, walk):
    full = filled[101]
    arrive = arrivals(full.company, full.newest)[path]
    found = []
    for page in getattr(full.client(), walk)(path, per_page=20, **dates(path)):
        found += [row["id"] for row in page]
        if len(found) < 60:
            arrive()
    assert len(found) == len(set(found))
    assert set(full.ids[path]) <= set(found)


@pytest.mark.django_db
@pytest.mark.parametrize("walk", ["links", "relative"])
def test_two_walks_with_one_key_do_not_disturb_each_other(filled, walk):
    full = filled[101]
    arrive = arrivals(full.company, full.newest)["calls"]
    first = getattr(full.client(), walk)("calls", per_page=20)
    found = [[row["id"] for row in next(first)], []]
    arrive()
    second = getattr(full.client(), walk)("calls", per_page=20)
    for one, other in zip(first, second, strict=False):
        found[0] += [row["id"] for row in one]
        found[1] += [row["id"] for row in other]
        arrive()
    assert len(found[0]) == len(set(found[0]))
    assert set(full.ids["calls"]) <= set(found[0])


@pytest.mark.django_db
def test_a_page_may_be_asked_again_after_rows_arrived(filled):
    full = filled[101]
    client = full.client()
    client.get("calls", per_page=20)
    arrivals(full.company, full.newest)["calls"]()
    second = [call["id"] for call in client.get("calls", per_page=20, page=2)["calls"]]
    assert second == [call["id"] for call in client.get("calls", per_page=20, page=2)["calls"]]
