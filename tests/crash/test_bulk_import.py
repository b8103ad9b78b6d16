"""An import of thousands of calls, with a webhook for each. It stands beside the tests that wait for killed clusters,
because it takes as long as some of them."""

import pytest

from calls import bulk
from calls.models import Call, Person
from subscriptions.models import Delivery, Event
from tests.support.events import bodies_of
from tests.support.factories import make_company, make_subscription, make_tracker
from tests.support.past_calls import PEOPLE, past_calls

pytestmark = pytest.mark.django_db(transaction=True)


# Several batches of 500, and several calls of each person.
CALLS = 2_000


def test_each_of_thousands_of_imported_calls_fires_its_post_call():
    company = make_company()
    tracker = make_tracker(company)
    make_subscription(company, events=["post_call"])
    assert bulk.create_calls(past_calls(company, tracker, CALLS), publish=True) == CALLS
    assert Call.objects.count() == Event.objects.count() == Delivery.objects.count() == CALLS
    assert set(Event.objects.values_list("type", "sequence")) == {("post_call", 1)}
    assert Event.objects.values("subject_id").distinct().count() == CALLS
    assert Person.objects.count() == PEOPLE
    last = Call.objects.order_by("pk").last()
    (body,) = bodies_of(last, "post_call")
    assert body["prior_calls"] == CALLS // PEOPLE - 1
    assert body["customer_phone_number"] == "+12142040199"
