"""What `./dev drill machines` calls a double send: a request for which there is no claim, except around a failover."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from subscriptions.models import Attempt, Delivery
from tests.chaos.receiver import Arrival
from tests.crash.cluster import database_url
from tests.drills.double_sends import count_double_sends
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("at", "attempts", "double"),
    [((10,), 1, 0), ((10, 90), 2, 0), ((10, 11), 1, 1), ((96, 97), 1, 0), ((10, 11, 12), 2, 1)],
    ids=["once", "after its lease", "twice of one claim", "around the failover", "one too many"],
)
def test_a_request_without_a_claim_is_one(at, attempts, double):
    company = make_company()
    make_subscription(company, url="http://10.77.0.1/0/1", events=["pre_call"])
    make_call(company)
    delivery = Delivery.objects.get()
    for number in range(attempts):
        Attempt.objects.create(delivery=delivery, number=number + 1, outcome="delivered", started_at=timezone.now())
    arrivals = {("/0/1", f"evt_{delivery.event_id.hex}"): [Arrival("hash", moment, "yes") for moment in at]}
    connection.close()
    assert count_double_sends(database_url(), arrivals, (100.0, 120.0))[0] == double
