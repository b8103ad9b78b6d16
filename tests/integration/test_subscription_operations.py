"""Resend, cancel, pause, resume, remove, rotate: what becomes of the deliveries."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction

from subscriptions.endpoints import operations
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Attempt, Delivery, Subscription
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver
from tests.support.threads import with_own_connection
from tests.support.waiting import lock_waiters, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subscription(receiver: Receiver) -> Subscription:
    return make_subscription(make_company(), url=receiver.url, events=["pre_call"])


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_resend_sends_the_same_bytes_with_the_same_id_and_the_next_attempt_number(subscription, receiver: Receiver):
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert operations.resend(Delivery.objects.all()) == 1
    drain_until(nothing_pending)
    first, second = receiver.got
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert second.headers["Callhooks-Attempt"] == "2"
    assert Attempt.objects.count() == 2


def test_a_resend_begins_the_retry_schedule_anew(subscription, settings, receiver: Receiver):
    settings.RETRY_TIME_SCALE = 0.0000001
    receiver.answer = lambda got: (500, {}, b"")
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert states() == ["failed"]
    operations.resend(Delivery.objects.all())
    drain_until(nothing_pending)
    assert Delivery.objects.get().attempts == 20


def test_what_is_on_its_way_is_not_resent(subscription):
    make_call(subscription.company)
    assert operations.resend(Delivery.objects.all()) == 0


def test_nothing_is_resent_to_a_paused_subscription(subscription):
    make_call(subscription.company)
    operations.pause(subscription)
    assert operations.resend(Delivery.objects.all()) == 0
    assert states() == ["held"]


def test_while_paused_everything_is_held_and_a_resume_sends_it(subscription, receiver: Receiver):
    make_call(subscription.company)
    operations.pause(subscription)
    make_call(subscription.company)
    assert states() == ["held", "held"]
    assert receiver.got == []
    assert operations.resume(subscription, send_held=True) == 2
    drain_until(nothing_pending)
    assert states() == ["delivered", "delivered"]


def test_a_resume_can_drop_what_was_held_and_says_so(subscription):
    make_call(subscription.company)
    operations.pause(subscription)
    assert operations.resume(subscription, send_held=False) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("cancelled", "Dropped when the subscription was resumed.")


def test_cancel_stops_what_waits(subscription):
    make_call(subscription.company)
    assert operations.cancel(Delivery.objects.all()) == 1
    assert states() == ["cancelled"]


def test_a_removed_subscription_takes_nothing_more_and_keeps_its_log(subscription):
    make_call(subscription.company)
    operations.archive(subscription)
    make_call(subscription.company)
    assert states() == ["cancelled"]
    with pytest.raises(ActionRefused):
        operations.resume(subscription, send_held=True)


def test_during_a_rotation_both_secrets_sign_the_new_one_first(subscription, receiver: Receiver):
    old = subscription.secret
    operations.rotate_secret(subscription)
    assert subscription.secrets == [subscription.secret, old]
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert len(receiver.got[0].headers["webhook-signature"].split(" ")) == 2


def test_a_rotation_at_once_leaves_only_the_new_secret(subscription):
    old = subscription.secret
    operations.rotate_secret(subscription, overlap=timedelta(0))
    assert old not in subscription.secrets
    assert len(subscription.secrets) == 1


def test_an_overlap_over_seven_days_is_refused(subscription):
    with pytest.raises(ActionRefused, match="7 days"):
        operations.rotate_secret(subscription, overlap=timedelta(days=8))


@pytest.mark.parametrize(("act", "state"), [(operations.resend, "failed"), (operations.cancel, "held")])
def test_rows_are_locked_in_the_order_of_their_ids(subscription, act, state: str):
    """Two that want the same rows wait for each other in one direction only."""
    for _ in range(3):
        make_call(subscription.company)
    first, second, _ = Delivery.objects.order_by("pk")
    # Where the rows lie in the table, the first is the last now.
    for delivery in Delivery.objects.order_by("-pk"):
        Delivery.objects.filter(pk=delivery.pk).update(state=state, due_at=None, reason="x")
    everything = Delivery.objects.filter(company=subscription.company).order_by("-pk")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Delivery.objects.select_for_update().get(pk=first.pk)
            acted = pool.submit(with_own_connection, lambda: act(everything))
            wait_until(lock_waiters)
            Delivery.objects.select_for_update(nowait=True).get(pk=second.pk)
        assert acted.result(120) == 3
