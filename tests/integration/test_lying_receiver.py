"""A receiver that drops, doubles, alters and reorders events is found out, by manifest and by feed; `./dev prove` does
the same with 100,000 events."""

from __future__ import annotations

import pytest

from docs.verify import reconcile
from subscriptions.feed.manifests import documents
from subscriptions.models import Delivery
from tests.prove import lies
from tests.support.api import program
from tests.support.factories import make_company, make_subscription, make_tracker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
EVENTS = 600


def test_each_lie_is_found_and_nobody_else_accused(monkeypatch):
    monkeypatch.setattr(documents, "EVENTS_PER_PAGE", 250)
    company = make_company()
    subscription = make_subscription(company, events=list(lies.TYPES))
    lies.publish(subscription, make_tracker(company), EVENTS)
    api = program(company)
    results = lies.compare_both(api, subscription, lies.make_manifests(subscription), seed=7)
    told = results.pop("told")
    each = EVENTS // 100
    assert [len(lied) for lied in (told.dropped, told.doubled, told.altered, told.swapped)] == [each] * 4
    for found, faults in results.values():
        assert (found.compared, faults) == (EVENTS, [])
    # It asks for what it lacks.
    asked, lacking = lies.service(api), results["manifests"][0].lacking
    subjects = {event["id"]: event["subject"] for event in asked.feed(subscription.resource_id)}
    assert asked.resend(subscription.resource_id, lacking, subjects) == []
    assert {delivery.event.webhook_id for delivery in Delivery.objects.filter(state="pending")} == told.dropped


def test_an_honest_receiver_is_not_accused():
    entries = [(f"evt_{number}", "CAL1", number, "00", "delivered") for number in range(1, 4)]
    records = reconcile.Records()
    for event_id in ("evt_1", "evt_2", "evt_3"):
        records.add(event_id, "00")
    found = reconcile.compare(entries, records)
    assert (found.complete, found.compared, found.unlisted) == (True, 3, [])
    waiting = [*entries, ("evt_4", "CAL1", 4, "00", "pending")]
    assert (reconcile.compare(waiting, records).complete, reconcile.compare(waiting, records).undelivered) == (
        True,
        ["evt_4"],
    )


@pytest.mark.parametrize(
    ("came", "blamed"), [([2, 1, 3], 1), ([3, 1, 2], 1), ([2, 3, 1], 1), ([3, 2, 1], 2), ([1, 2, 3], 0)]
)
def test_as_few_as_possible_are_out_of_order(came, blamed):
    records = reconcile.Records()
    for number in came:
        records.add(f"evt_{number}", "00")
    entries = [(f"evt_{number}", "CAL1", number, "00", "delivered") for number in (1, 2, 3)]
    assert len(reconcile.compare(entries, records).reordered) == blamed
