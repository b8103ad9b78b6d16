"""Whom an event goes to: the company's subscriptions that want it; and the event says how many that were."""

from __future__ import annotations

import pytest

from subscriptions.models import Delivery, Event
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db


def test_the_event_counts_its_deliveries_and_no_archived_subscription():
    company = make_company()
    active = make_subscription(company, events=["pre_call"])
    paused = make_subscription(company, events=["pre_call"], state="paused")
    make_subscription(company, events=["pre_call"], state="archived")
    make_subscription(company, events=["post_call"])
    make_subscription(make_company("Other"), events=["pre_call"])
    make_call(company)
    event = Event.objects.get()
    deliveries = Delivery.objects.filter(event=event)
    assert set(deliveries.values_list("subscription", "state")) == {(active.pk, "pending"), (paused.pk, "held")}
    assert event.fan_out == 2


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_subscription_gets_the_calls_of_its_direction(direction: str):
    company = make_company()
    both = make_subscription(company, events=["post_call"])
    chosen = {
        way: make_subscription(company, events=["post_call"], call_direction=way) for way in ("inbound", "outbound")
    }
    company.recording_expected = company.transcription_expected = False
    company.save()
    call = make_call(company, direction=direction)
    call.ended_at = call.start_time
    call.save()
    event = Event.objects.get(type="post_call")
    wanted = {both.pk, chosen[direction].pk}
    assert set(Delivery.objects.filter(event=event).values_list("subscription", flat=True)) == wanted
    assert event.fan_out == 2
