"""An import of ten thousand calls, with a webhook for each. It stands beside the tests that wait for killed clusters,
because it takes as long as they do."""

import pytest

from calls import bulk
from calls.models import Call, Person
from subscriptions.models import Delivery, Event
from tests.factories import make_company, make_subscription, make_tracker
from tests.past_calls import PEOPLE, past_calls
from tests.reading import bodies_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_ten_thousand_imported_calls_fire_ten_thousand_post_calls():
    company = make_company()
    tracker = make_tracker(company)
    make_subscription(company, events=["post_call"])
    assert bulk.create_calls(past_calls(company, tracker, 10_000), publish=True) == 10_000
    assert Call.objects.count() == Event.objects.count() == Delivery.objects.count() == 10_000
    assert set(Event.objects.values_list("type", "sequence")) == {("post_call", 1)}
    assert Event.objects.values("subject_id").distinct().count() == 10_000
    assert Person.objects.count() == PEOPLE
    last = Call.objects.order_by("pk").last()
    (body,) = bodies_of(last, "post_call")
    assert body["prior_calls"] == 10_000 // PEOPLE - 1
    assert body["customer_phone_number"] == "+12142040199"
