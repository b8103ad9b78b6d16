"""What waits is sent now: one, some, all of a subscription; and by itself, a few at first, when a receiver is well."""

import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from subscriptions.delivery import forwarding, outbox
from subscriptions.delivery.endpoint_health import EndpointBook
from subscriptions.delivery.forwarding import FIRST_BATCH
from subscriptions.endpoints import operations
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Attempt, Delivery, EndpointHealth, Subscription
from subscriptions.worker.tasks import run_housekeeping
from tests.support.claims import claim, delivered, failed
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
HOURS = timedelta(hours=5)


@pytest.fixture
def subscription(receiver: Receiver) -> Subscription:
    return make_subscription(make_company(), url=receiver.url, events=["pre_call"])


def waiting(subscription: Subscription, number: int, **fields) -> list[Delivery]:
    """Deliveries that failed three times and wait for their next try, hours away."""
    tracker = make_tracker(subscription.company)
    known = set(Delivery.objects.values_list("pk", flat=True))
    for _ in range(number):
        make_call(subscription.company, tracker)
    new = Delivery.objects.exclude(pk__in=known)
    due = timezone.now() + HOURS
    new.update(**{"attempts": 3, "lane": 1, "due_at": due, "reason": "The server answered 500.", **fields})
    return list(Delivery.objects.exclude(pk__in=known).order_by("pk"))


def only_failing(subscription: Subscription, **fields) -> None:
    """Its endpoint has failed for an hour, and is left alone."""
    now = timezone.now()
    health = {"failing_since": now - timedelta(hours=1), "last_failure_at": now - timedelta(minutes=1), "opened": 3,
              "open_until": now + timedelta(minutes=4), **fields}  # fmt: skip
    EndpointHealth.objects.update_or_create(subscription=subscription, defaults={"window_began": now, **health})


def due() -> int:
    return Delivery.objects.filter(state="pending", due_at__lte=timezone.now()).count()


def note(*outcomes: outbox.Outcome, book: EndpointBook | None = None) -> None:
    outbox.finish(outcomes)
    (book or EndpointBook()).note(outcomes, now=time.time())


def a_second_passes() -> None:
    EndpointHealth.objects.update(forward_at=F("forward_at") - timedelta(seconds=1))


def test_chosen_ones_are_sent_at_once_and_the_others_wait(subscription, receiver: Receiver):
    first, second, _ = waiting(subscription, 3)
    assert operations.send_now(Delivery.objects.filter(pk__in=[first.pk, second.pk])) == 2
    drain_until(lambda: Delivery.objects.filter(state="delivered").count() == 2)
    assert {got.headers["Callhooks-Attempt"] for got in receiver.got} == {"4"}
    assert Delivery.objects.get(state="pending").due_at > timezone.now() + timedelta(hours=4)


def test_an_attempt_that_was_asked_for_costs_none_of_the_schedule(subscription, receiver: Receiver):
    receiver.answer = lambda got: (500, {}, b"")
    (row,) = waiting(subscription, 1, attempts=9)
    operations.send_now(Delivery.objects.all())
    drain_until(lambda: Attempt.objects.exists())
    row.refresh_from_db()
    assert (row.state, row.attempts, row.attempts - row.round_began_after) == ("pending", 10, 9)
    assert row.due_at > timezone.now() + timedelta(hours=15)


def test_it_reaches_an_endpoint_that_is_left_alone_one_first(subscription):
    waiting(subscription, 3)
    only_failing(subscription)
    assert operations.send_now(Delivery.objects.all()) == 3
    assert len(claim()) == 1
    assert claim() == []


def test_an_endpoint_that_asked_for_time_is_tried_too(subscription):
    waiting(subscription, 1)
    until = timezone.now() + HOURS
    only_failing(subscription, open_until=until, retry_after_until=until, opened=1)
    operations.send_now(Delivery.objects.all())
    assert len(claim()) == 1


def test_what_is_being_sent_finished_or_of_a_paused_subscription_is_left_alone(subscription):
    flying, done = waiting(subscription, 2, due_at=timezone.now())
    claim(limit=1)
    Delivery.objects.filter(pk=done.pk).update(state="failed", due_at=None)
    other = make_subscription(subscription.company, events=["pre_call"], name="Other")
    waiting(other, 1)
    Delivery.objects.filter(subscription=subscription).exclude(pk__in=[flying.pk, done.pk]).delete()
    operations.pause(other)
    assert operations.send_now(Delivery.objects.all()) == 0
    assert Delivery.objects.filter(pk=flying.pk, claim__isnull=False).exists()


def test_all_of_a_subscription_goes_a_few_at_first_and_more_while_they_arrive(subscription, receiver: Receiver):
    waiting(subscription, FIRST_BATCH * 4)
    only_failing(subscription)
    assert operations.send_waiting(subscription) == FIRST_BATCH * 4
    assert forwarding.step() == FIRST_BATCH
    assert forwarding.step() == 0  # its second is not over
    a_second_passes()
    assert forwarding.step() == 0  # and nothing has arrived
    drain_until(nothing_pending, housekeeping=run_housekeeping)
    times = sorted(got.at for got in receiver.got)
    assert len(times) == FIRST_BATCH * 4
    assert times[-1] - times[0] > 1.0


def test_all_of_a_subscription_stops_when_its_server_still_fails(subscription, receiver: Receiver):
    receiver.answer = lambda got: (500, {}, b"")
    waiting(subscription, FIRST_BATCH * 4)
    only_failing(subscription)
    operations.send_waiting(subscription)
    drain_until(
        lambda: not EndpointHealth.objects.filter(forward_at__isnull=False).exists(), housekeeping=run_housekeeping
    )
    assert len(receiver.got) == 1
    assert Delivery.objects.filter(due_at__gt=timezone.now() + timedelta(hours=1)).count() >= FIRST_BATCH * 3


def test_all_of_a_subscription_is_refused_where_nothing_can_be_sent(subscription):
    with pytest.raises(ActionRefused, match="Nothing waits"):
        operations.send_waiting(subscription)
    waiting(subscription, 1)
    operations.pause(subscription)
    with pytest.raises(ActionRefused, match="Resume it first"):
        operations.send_waiting(subscription)
    operations.archive(subscription)
    with pytest.raises(ActionRefused, match="Add a new subscription"):
        operations.send_waiting(subscription)


def test_a_new_address_brings_forward_what_waits(subscription, receiver: Receiver):
    subscription.url = "http://127.0.0.1:9/old"
    Subscription.objects.filter(pk=subscription.pk).update(url=subscription.url)
    waiting(subscription, FIRST_BATCH * 2)
    only_failing(subscription)
    subscription.url = receiver.url
    subscription.save()
    drain_until(nothing_pending, housekeeping=run_housekeeping)
    assert len(receiver.got) == FIRST_BATCH * 2


def test_a_success_after_failures_brings_forward_what_waits(subscription, receiver: Receiver):
    """Although its breaker never opened: a company with few events has few failures."""
    waiting(subscription, 2)
    only_failing(subscription, opened=0, open_until=None)
    make_call(subscription.company)
    drain_until(nothing_pending, housekeeping=run_housekeeping)
    assert len(receiver.got) == 3


def test_an_event_that_its_receiver_never_accepts_is_hurried_once(subscription):
    (bad,) = waiting(subscription, 1)
    for round_ in range(3):
        only_failing(subscription, opened=0, open_until=None)
        make_call(subscription.company)
        note(*[delivered(job) for job in claim() if job.id != bad.pk])
        forwarding.step()
        hurried = [job for job in claim() if job.id == bad.pk]
        assert len(hurried) == (1 if round_ == 0 else 0)
        note(*[failed(job, wait=3600.0) for job in hurried])
        EndpointHealth.objects.update(forward_at=None)


def test_a_hiccup_hurries_nothing(subscription):
    waiting(subscription, 1)
    now = timezone.now()
    only_failing(subscription, opened=0, open_until=None, failing_since=now - timedelta(seconds=5))
    make_call(subscription.company)
    note(*[delivered(job) for job in claim()])
    assert forwarding.step() == 0


def test_what_is_resent_may_be_hurried_again(subscription):
    (row,) = waiting(subscription, 1, forwarded=True)
    Delivery.objects.update(state="failed", due_at=None)
    operations.resend(Delivery.objects.all())
    row.refresh_from_db()
    assert not row.forwarded
