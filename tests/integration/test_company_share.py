"""How much one claim takes of a company: its share while others wait, more when it is alone, and less what it holds."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.claims import claim
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db(transaction=True)


def company_with(calls: int, name: str):
    company = make_company(name)
    make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(calls):
        make_call(company, tracker)
    return company


def test_while_another_waits_a_company_gets_its_share_and_no_more():
    large, small = company_with(12, "Large"), company_with(2, "Small")
    taken = Counter(job.company for job in claim(company=4, alone=9))
    assert taken == {large.pk: 4, small.pk: 2}


def test_what_it_holds_already_counts():
    large, small = company_with(12, "Large"), company_with(2, "Small")
    taken = Counter(job.company for job in claim(company=4, alone=9, held={large.pk: 3}))
    assert taken == {large.pk: 1, small.pk: 2}


def test_alone_it_gets_more_and_leaves_the_rest_free():
    large = company_with(12, "Large")
    assert Counter(job.company for job in claim(company=4, alone=9)) == {large.pk: 9}
