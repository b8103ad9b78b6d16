"""An import of ten thousand calls, with a webhook for each. It stands beside the tests that wait for killed clusters,
because it takes as long as they do."""

from datetime import timedelta

import pytest

from calls import bulk
from calls.models import Call, Person
from subscriptions.models import Delivery, Event
from tests.factories import START, make_company, make_subscription, make_tracker
from tests.reading import bodies_of

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 500


def past_calls(company, tracker, count):
    """Unsaved missed calls, an hour apart, of several people in turn."""
    for number in range(count):
        start = START + timedelta(hours=number)
        person = number % PEOPLE
        yield Call(
            company=company,
            tracker=tracker,
            customer_phone_number=f"(214) {200 + person // 100}-01{person % 100:02}",
            start_time=start,
            ended_at=start + timedelta(seconds=5),
        )


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
