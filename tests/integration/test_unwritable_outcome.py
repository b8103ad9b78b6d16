"""An outcome that PostgreSQL refuses keeps no other from being written, and its delivery is not sent for ever."""

import time
from dataclasses import replace

import pytest
from django.conf import settings

from subscriptions.delivery import webhook_client
from subscriptions.delivery.drain import Drain
from subscriptions.delivery.outbox import Claimed, Outcome
from subscriptions.delivery.slots import Bell
from subscriptions.models import Attempt, Delivery
from tests.draining import nothing_pending
from tests.factories import make_call, make_company, make_subscription, make_tracker
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_written_without_the_answer_and_the_others_as_they_are(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    tracker = make_tracker(company)
    poisoned = make_call(company, tracker).resource_id
    for _ in range(5):
        make_call(company, tracker)
    bad = Delivery.objects.get(event__subject_id=poisoned)

    def send(claimed: Claimed, clock_offset: float) -> Outcome:
        outcome = webhook_client.send(claimed, clock_offset)
        nul = "\0"  # no text of PostgreSQL holds it
        return replace(outcome, message=nul, response_headers=[("x", nul)]) if claimed.id == bad.id else outcome

    ends_at = time.monotonic() + 15
    bell = Bell()
    try:
        assert bell.take_slot(64) is not None
        Drain(
            bell=bell,
            send=send,
            threads=4,
            per_endpoint=6,
            longest_request=1,
            lease=settings.DELIVERY_LEASE_SECONDS,
            budget=20,
            should_stop=lambda: nothing_pending() or time.monotonic() > ends_at,
        ).run()
    finally:
        bell.close()
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
    assert len(receiver.got) == 6
    assert Attempt.objects.get(delivery=bad).message == "The answer could not be stored."
    assert set(Attempt.objects.exclude(delivery=bad).values_list("message", flat=True)) == {""}
