"""An outcome that PostgreSQL refuses keeps no other from being written, and its delivery is not sent for ever."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from subscriptions.delivery import webhook_client
from subscriptions.delivery.outbox import Claimed, Outcome
from subscriptions.delivery.sending import Sending
from subscriptions.models import Attempt, Delivery
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_written_without_the_answer_and_the_others_as_they_are(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    tracker = make_tracker(company)
    poisoned = make_call(company, tracker).resource_id
    for _ in range(5):
        make_call(company, tracker)
    bad = Delivery.objects.get(event__subject_id=poisoned)

    class Poisoned(Sending):
        def outcome(self, claimed: Claimed, *rest: Any) -> Outcome:
            outcome = super().outcome(claimed, *rest)
            nul = "\0"  # no text of PostgreSQL holds it
            return replace(outcome, message=nul, response_headers=[("x", nul)]) if claimed.id == bad.id else outcome

    usual = webhook_client.sending()
    sending = Poisoned(decrypt=usual.decrypt, user_agent=usual.user_agent, retry_scale=usual.retry_scale)
    drain_until(nothing_pending, sending=sending)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
    assert len(receiver.got) == 6
    assert Attempt.objects.get(delivery=bad).message == "The answer could not be stored."
    assert set(Attempt.objects.exclude(delivery=bad).values_list("message", flat=True)) == {""}


def test_a_row_that_was_deleted_by_hand_while_it_was_under_way_costs_the_others_nothing(receiver: Receiver):
    """Its outcome cannot be written, and nobody gets anything twice."""
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(5):
        make_call(company, tracker)
    gone = Delivery.objects.select_related("event").latest("pk")

    def answer(got):
        if got.headers["webhook-id"] == gone.event.webhook_id:
            Delivery.objects.filter(pk=gone.pk).delete()
            connection.close()
        return 200, {}, b""

    receiver.answer = answer
    drain_until(nothing_pending)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
    assert Attempt.objects.count() == 4
    assert len(receiver.got) == 5
