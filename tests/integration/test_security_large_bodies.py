"""Bodies of megabytes, at many hosts at once, do not fill a drain's memory: a claim and what is under way have an end
in bytes, too, and small ones of others are among what is claimed."""

from __future__ import annotations

import pytest

from subscriptions.delivery.fairness import PLACE_BYTES, Shares
from subscriptions.delivery.outbox import claiming
from subscriptions.models import Delivery, Event
from tests.support.claims import claim, one_claim
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(monkeypatch):
    """With a call whose webhook to six hosts is large, for a claim that may bring less than two of these."""
    monkeypatch.setattr(claiming, "CLAIM_BYTES", 150_000)
    company = make_company()
    for number in range(6):
        make_subscription(company, f"https://crm{number}.example.com/hooks", ["pre_call"], name=f"Number {number}")
    make_call(company)
    Event.objects.update(body=b'{"note":"' + b"x" * 100_000 + b'"}')
    return company


def test_a_claim_brings_few_bytes_and_says_that_there_is_more(company):
    found = one_claim()
    assert (len(found.rows), found.more) == (2, True)
    assert Delivery.objects.filter(claim=None, attempts=0).count() == 4


def test_all_are_sent_in_the_end_and_one_that_is_larger_than_that_goes_alone(company, monkeypatch):
    monkeypatch.setattr(claiming, "CLAIM_BYTES", 1)
    assert [len(claim()) for _ in range(7)] == [1, 1, 1, 1, 1, 1, 0]


def test_another_companys_small_one_goes_with_them(company):
    other = make_company("Other")
    make_subscription(other, "https://other.example.com/hooks", ["pre_call"])
    make_call(other)
    assert other.pk in {job.company for job in claim()}


def test_a_large_body_takes_as_many_places_as_it_has_bytes():
    shares = Shares(100)
    shares.take(1, 2, 40 * PLACE_BYTES)
    shares.take(2, 2, 100)
    assert (shares.held, shares.companies[1], shares.room) == (42, 41, 58)
    shares.take(1, 2, 100 * PLACE_BYTES)
    assert shares.room == 0
    for company, size in ((1, 100 * PLACE_BYTES), (1, 40 * PLACE_BYTES), (2, 100)):
        shares.release(company, 2, size)
    assert (shares.held, dict(shares.companies), shares.trusts[2]) == (0, {}, 0)
