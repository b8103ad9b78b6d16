"""Health: a fresh heartbeat and nothing left lying, whatever endpoints do."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from callhooks_site import health as web
from subscriptions.models import Delivery, DrainSlot, EndpointHealth
from subscriptions.worker.health import look
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_known():
    web.forget()
    yield
    web.forget()


@pytest.fixture
def beating():
    return DrainSlot.objects.create(number=1, host="a", pid=1, beat_at=timezone.now())


@pytest.fixture
def left_lying():
    """A delivery that has been due for five minutes."""
    company = make_company()
    make_subscription(company, events=["pre_call"])
    make_call(company)
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    return Delivery.objects.get()


def test_without_a_drain_it_is_ill():
    assert look().ills == ["No drain has worked ever. Is the cluster running? See its log."]


def test_one_drain_that_beats_is_enough(beating):
    health = look()
    assert health.well
    assert (health.drains, health.drains_wanted) == (1, 2)


def test_an_old_heartbeat_is_ill(beating):
    DrainSlot.objects.update(beat_at=timezone.now() - timedelta(seconds=40))
    (ill,) = look().ills
    assert re.match(r"No drain has worked for [45]\d s\.", ill), ill


def test_a_delivery_that_nobody_takes_is_ill(beating, left_lying, settings):
    health = look()
    assert 300 <= health.oldest_due_seconds < 360
    assert f"due for {health.oldest_due_seconds:.0f} s" in health.ills[0]
    settings.HEALTH_OLDEST_DUE_SECONDS = 600
    assert look().well


@pytest.mark.parametrize(
    "state",
    [
        {"open_until": timedelta(minutes=1), "opened": 3},
        {"failing_since": timedelta(minutes=-9)},
        {"rate_used_until": timedelta(seconds=20)},
        {"last_success_at": timedelta(seconds=-2)},
    ],
    ids=["open breaker", "failing", "rate used up", "slow but answering"],
)
def test_what_an_endpoint_makes_wait_is_not_our_illness(beating, left_lying, state):
    now = timezone.now()
    times = {name: now + value if isinstance(value, timedelta) else value for name, value in state.items()}
    EndpointHealth.objects.create(subscription=left_lying.subscription, window_began=now, **times)
    assert look().well


def test_an_endpoint_that_a_drain_is_at_is_not_left_lying(beating, left_lying):
    make_call(left_lying.company)
    busy = Delivery.objects.exclude(pk=left_lying.pk)
    busy.update(claim=UUID(int=1), due_at=timezone.now() + timedelta(seconds=9))
    assert look().well


def test_what_waits_for_its_turn_in_order_is_not_left_lying(beating, left_lying):
    left_lying.subscription.ordered = True
    left_lying.subscription.save()
    assert not look().well
    earlier = make_call(left_lying.company)
    first = Delivery.objects.get(event__subject_id=earlier.resource_id)
    Delivery.objects.filter(pk=first.pk).update(due_at=timezone.now() + timedelta(hours=1))
    left_lying.event.subject_id, left_lying.event.sequence = earlier.resource_id, 2
    left_lying.event.save()
    assert look().well


def test_a_load_balancer_keeps_a_web_process_that_can_serve(client: Client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "deliveries": "stopped"}


def test_a_monitor_that_asks_deep_is_told_of_deliveries(client: Client):
    answer = client.get("/healthz?deep=1")
    assert answer.status_code == 503
    assert answer.json() == {"status": "error", "database": "ok", "deliveries": "stopped"}


def test_all_is_well(client: Client, beating):
    assert client.get("/healthz?deep=1").status_code == 200
    assert client.get("/healthz").json()["deliveries"] == "ok"


def test_strangers_do_not_make_the_database_work(client: Client, beating, django_assert_num_queries):
    client.get("/healthz")
    with django_assert_num_queries(1):
        client.get("/healthz?deep=1")


def test_the_command_says_it_in_words_json_and_its_exit_code(beating, capsys):
    call_command("health")
    assert capsys.readouterr().out.splitlines()[-1] == "All is well."
    DrainSlot.objects.update(beat_at=None)
    with pytest.raises(SystemExit) as ended:
        call_command("health", "--json")
    assert ended.value.code == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["well"], said["database"], said["drains"]) == (False, True, 0)
