"""Pausing, resuming and removing a subscription with more waiting than one statement should touch."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import transaction

from subscriptions.delivery import outbox
from subscriptions.endpoints import operations
from subscriptions.models import Delivery, Subscription
from subscriptions.worker import tasks
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = 4
MANY = 10  # two batches and a half


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch):
    for function in (outbox.hold, outbox.release):
        monkeypatch.setitem(function.__kwdefaults__, "limit", BATCH)


@pytest.fixture
def subscription(receiver: Receiver) -> Subscription:
    return make_subscription(make_company(), url=receiver.url, events=["pre_call"])


def calls(subscription: Subscription, number: int = MANY) -> None:
    tracker = make_tracker(subscription.company)
    for _ in range(number):
        make_call(subscription.company, tracker)


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def sweep_holds_all() -> None:
    while outbox.hold():
        pass


def test_a_pause_holds_the_first_and_the_sweep_the_rest_while_none_is_sent(subscription, receiver: Receiver):
    calls(subscription)
    operations.pause(subscription)
    assert states() == {"held": BATCH, "pending": MANY - BATCH}
    drain_until(lambda: True)
    assert receiver.got == [], "what is not yet held is not sent either"
    tasks.sweep()
    assert states() == {"held": MANY}
    assert set(Delivery.objects.values_list("reason", flat=True)) == {"The subscription is paused."}


def test_a_resume_lets_the_first_go_and_the_drains_the_rest(subscription, receiver: Receiver):
    operations.pause(subscription)
    calls(subscription)
    assert operations.resume(subscription, send_held=True) == MANY
    assert states() == {"pending": BATCH, "held": MANY - BATCH}
    drain_until(lambda: nothing_pending() and len(receiver.got) == MANY, housekeeping=tasks.run_housekeeping)
    assert states() == {"delivered": MANY}


def test_a_drop_cancels_all_of_it_and_sends_what_comes_after(subscription, receiver: Receiver):
    calls(subscription)
    operations.pause(subscription)
    assert operations.resume(subscription, send_held=False) == MANY, "what the sweep had not held counts too"
    assert (subscription.state, states()) == ("paused", {"held": 2 * BATCH, "pending": MANY - 2 * BATCH}), "a batch"
    calls(subscription, 1)
    drain_until(lambda: nothing_pending() and not states()["held"], housekeeping=tasks.run_housekeeping)
    assert states() == {"cancelled": MANY, "delivered": 1}
    assert len(receiver.got) == 1
    reasons = Delivery.objects.filter(state="cancelled").values_list("reason", flat=True)
    assert set(reasons) == {"Dropped when the subscription was resumed."}
    subscription.refresh_from_db()
    assert (subscription.state, subscription.state_reason, subscription.resuming) == ("active", "", False)


def test_a_drop_of_little_is_active_at_once(subscription):
    calls(subscription, BATCH)
    operations.pause(subscription)
    operations.resume(subscription, send_held=False)
    assert (subscription.state, states()) == ("active", {"cancelled": BATCH})


def test_a_resume_of_an_active_one_drops_nothing_that_is_on_its_way(subscription):
    calls(subscription, 1)
    assert operations.resume(subscription, send_held=False) == 0
    assert (subscription.state, subscription.resuming, states()) == ("active", False, {"pending": 1})


def test_a_pause_while_it_drops_what_waits_keeps_it_paused(subscription):
    calls(subscription)
    operations.pause(subscription)
    operations.resume(subscription, send_held=False)
    operations.pause(subscription)
    for _ in range(3):
        tasks.run_housekeeping()
    subscription.refresh_from_db()
    assert (subscription.state, states()["cancelled"]) == ("paused", 0)


def test_paused_again_while_it_lets_go_it_holds_again(subscription, receiver: Receiver):
    operations.pause(subscription)
    calls(subscription)
    operations.resume(subscription, send_held=True)
    operations.pause(subscription)
    assert outbox.release() == (0, 0)
    sweep_holds_all()
    assert states() == {"held": MANY}
    assert receiver.got == []


def test_a_save_that_began_before_the_resume_and_ends_after_it_is_sent_all_the_same(subscription, receiver: Receiver):
    """Its event was held, for it still saw the pause; nobody resumes a second time."""
    from tests.support.threads import at_once

    operations.pause(subscription)
    tracker = make_tracker(subscription.company)

    def save_beside_the_resume() -> None:
        with transaction.atomic():
            make_call(subscription.company, tracker)
            at_once([lambda: operations.resume(Subscription.objects.get(pk=subscription.pk), send_held=True)])

    save_beside_the_resume()
    assert states() == {"held": 1}
    drain_until(lambda: nothing_pending() and len(receiver.got) == 1, housekeeping=tasks.run_housekeeping)
    assert states() == {"delivered": 1}


def test_it_looks_on_for_an_hour_and_then_no_more(subscription):
    operations.pause(subscription)
    operations.resume(subscription, send_held=False)
    outbox.note_released()
    assert Subscription.objects.get().releasing
    Subscription.objects.update(state_changed_at="2026-01-01T00:00:00Z")
    outbox.note_released()
    subscription.refresh_from_db()
    assert (subscription.releasing, subscription.drop_held_before) == (False, None)


def test_what_is_still_held_keeps_it_looking(subscription):
    operations.pause(subscription)
    calls(subscription)
    operations.resume(subscription, send_held=True)
    Subscription.objects.update(state_changed_at="2026-01-01T00:00:00Z")
    outbox.note_released()
    assert Subscription.objects.get().releasing


def test_what_a_removed_one_had_waiting_or_held_is_cancelled(subscription):
    calls(subscription)
    operations.pause(subscription)
    operations.archive(subscription)
    assert states()["cancelled"] == 2 * BATCH, "as many of each kind as fit in a statement"
    sweep_holds_all()
    assert states() == {"cancelled": MANY}


def test_a_batch_passes_over_what_somebody_has_in_hand(subscription):
    """A batch that waited for a row under a lock would make every save and page behind it wait too."""
    calls(subscription, 2)
    from tests.support.threads import at_once

    with transaction.atomic():
        first = Delivery.objects.select_for_update().order_by("pk").first()
        assert first is not None
        at_once([lambda: operations.pause(Subscription.objects.get(pk=subscription.pk))])
        assert states() == {"held": 1, "pending": 1}
    assert outbox.hold() == 1
