"""An outage of our own: nothing is charged to receivers, only the operator is told, and all is sent afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callhooks_site import health as web
from subscriptions.delivery import outages
from subscriptions.endpoints import alerts
from subscriptions.models import Attempt, Delivery, DrainSlot, EndpointHealth, ServiceOutage, Subscription
from subscriptions.worker.health import look
from subscriptions.worker.tasks import run_housekeeping
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_member, make_subscription, make_tracker
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    outages.forget()
    web.forget()
    yield
    outages.forget()
    web.forget()


def company_of_a_name(name: str, *, calls: int = 1) -> Subscription:
    """A company whose receiver worked until now, and whose name can no longer be looked up."""
    subscription = make_subscription(make_company(name), url=f"http://{name}.invalid/hooks", events=["pre_call"])
    make_member(subscription.company, "owner")
    now = timezone.now()
    EndpointHealth.objects.create(
        subscription=subscription, window_began=now, last_success_at=now - timedelta(minutes=5)
    )
    tracker = make_tracker(subscription.company)
    for _ in range(calls):
        make_call(subscription.company, tracker)
    return subscription


def network_is_back(receiver: Receiver) -> None:
    """The same endpoints, as when their names can be looked up again: nobody changed a subscription."""
    port = urlsplit(receiver.url).port
    for number, subscription in enumerate(Subscription.objects.order_by("pk")):
        host = ("127.0.0.1", "localhost")[number % 2]
        Subscription.objects.filter(pk=subscription.pk).update(url=f"http://{host}:{port}/hooks")


def outage_noticed() -> bool:
    return ServiceOutage.objects.filter(ongoing=True).exists()


def begin_outage() -> None:
    for name in ("one", "two", "three"):
        company_of_a_name(name)
    drain_until(outage_noticed, housekeeping=run_housekeeping)


def test_it_is_noticed_told_lived_through_and_all_is_sent(receiver: Receiver, settings, caplog):
    settings.RETRY_TIME_SCALE = 0.05
    for name in ("one", "two", "three", "four"):
        company_of_a_name(name, calls=6)
    drain_until(outage_noticed, housekeeping=run_housekeeping)
    assert "An outage of our own" in caplog.text
    drain_until(lambda: Attempt.objects.count() >= 12, housekeeping=run_housekeeping)

    assert all(row.attempts == row.round_began_after for row in Delivery.objects.filter(claim=None))
    assert not EndpointHealth.objects.filter(failing_since__isnull=False).exists()
    assert not EndpointHealth.objects.exclude(opened=0).exists()

    network_is_back(receiver)
    drain_until(nothing_pending, housekeeping=run_housekeeping)
    assert len(receiver.got) == 24
    outage = ServiceOutage.objects.get()
    assert (outage.ongoing, outage.ended_at is not None, outage.companies >= 3) == (None, True, True)
    assert "is over" in caplog.text


def test_few_are_tried_while_it_lasts(settings):
    settings.RETRY_TIME_SCALE = 0.0001  # what was tried is due again at once
    begin_outage()
    before = Attempt.objects.count()
    began = timezone.now()
    drain_until(lambda: timezone.now() - began > timedelta(seconds=2), housekeeping=run_housekeeping)
    assert Attempt.objects.count() - before <= 2 * outages.PROBES


def test_an_attempt_at_the_end_of_the_schedule_is_not_its_last(settings):
    begin_outage()
    Delivery.objects.update(attempts=9, round_began_after=0, due_at=timezone.now(), claim=None)
    drain_until(lambda: Attempt.objects.filter(number=10).exists(), housekeeping=run_housekeeping)
    tried = Delivery.objects.filter(attempts=10)
    assert {(row.state, row.round_began_after) for row in tried} == {("pending", 1)}
    assert all(row.reason.startswith("An outage of this service") for row in tried)


def test_one_company_with_many_dead_names_is_charged(settings):
    """And so is everybody whose receiver fails by itself."""
    for name in ("one", "two", "three", "four"):
        company_of_a_name(name, calls=0)
    attacker = Subscription.objects.order_by("pk")[0].company
    now = timezone.now()
    for number in range(12):
        mine = make_subscription(attacker, url=f"http://n{number}.invalid/hooks", events=["pre_call"])
        EndpointHealth.objects.create(subscription=mine, window_began=now, last_success_at=now)
    make_call(attacker)
    drain_until(lambda: Attempt.objects.count() >= 12, housekeeping=run_housekeeping)
    assert not ServiceOutage.objects.exists()
    assert not Delivery.objects.exclude(round_began_after=0).exists()
    assert EndpointHealth.objects.filter(failing_since__isnull=False).count() > 9


def test_owners_get_no_mail_and_nothing_is_disabled_while_it_lasts():
    begin_outage()
    long_ago = timezone.now() - timedelta(days=9)
    EndpointHealth.objects.update(
        failing_since=long_ago,
        failing_days=9,
        last_failure_at=timezone.now(),
        told_owner_at=None,
        told_warning_at=timezone.now() - timedelta(days=2),
    )
    assert (alerts.tell(), alerts.disable_hopeless(), mail.outbox) == (0, 0, [])
    ServiceOutage.objects.update(ongoing=None)
    assert alerts.disable_hopeless() == 3


def test_the_operator_is_told(capsys, django_user_model):
    begin_outage()
    DrainSlot.objects.update_or_create(number=1, defaults={"host": "a", "pid": 1, "beat_at": timezone.now()})
    health = look()
    assert "An outage of this service's own" in health.ills[0]
    assert "hosts of 3 companies fail at once (dns" in health.ills[0]
    answer = Client().get("/healthz?deep=1")
    assert (answer.status_code, answer.json()["deliveries"]) == (503, "outage")
    with pytest.raises(SystemExit):
        call_command("health", "--json")
    assert "An outage" in json.loads(capsys.readouterr().out)["outage"]
    operator = Client()
    operator.force_login(django_user_model.objects.create_superuser("root@example.com", password="x"))
    page = operator.get(reverse("admin:service")).content.decode()
    assert "Outages of its own" in page
    assert "hosts of 3 companies: dns" in page


def test_all_drains_know_it_and_one_without_anything_to_try_ends_it():
    begin_outage()
    outages.forget()  # another process
    assert outages.limit_claim(100) == 100
    run_housekeeping()
    assert outages.ongoing()
    assert outages.limit_claim(100) == outages.PROBES
    assert outages.limit_claim(100) == 0
    ServiceOutage.objects.update(noticed_at=F("noticed_at") - timedelta(seconds=outages.SILENT_SECONDS + 1))
    Attempt.objects.update(started_at=F("started_at") - timedelta(seconds=outages.SILENT_SECONDS + 1))
    run_housekeeping()
    assert not outages.ongoing()
    assert outages.limit_claim(100) == 100
