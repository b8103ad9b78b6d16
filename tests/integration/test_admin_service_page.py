"""The operators' Service page: is it well, who delivers, what waits, what failed; for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure

from subscriptions.models import Delivery, DrainSlot, EndpointHealth
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return login(User.objects.create_superuser("operator@example.com", password="x"))


def shown(client) -> str:
    answer = client.get(reverse("admin:service"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_a_drain_it_says_so_and_what_to_do(client):
    page = shown(client)
    assert 'class="health is-bad"' in page
    assert "No drain has worked ever" in page
    assert "manage.py cluster" in page


def test_drains_are_shown_with_their_sign_of_life(client, settings):
    now = timezone.now()
    settings.DELIVERY_DRAINS = 2
    DrainSlot.objects.all().delete()
    DrainSlot.objects.create(number=1, host="worker-1", pid=42, started_at=now, beat_at=now)
    DrainSlot.objects.create(number=2, host="worker-2", pid=43, started_at=now, beat_at=now - timedelta(minutes=5))
    page = shown(client)
    assert "Webhooks are delivered." in page
    assert page.count(">Running<") == page.count(">No heartbeat<") == 1
    assert "worker-1, process 42" in page
    assert "5 min ago" in page


def test_what_waits_is_counted_by_subscription(client):
    company = factories.make_company("Acme")
    busy, idle = (factories.make_subscription(company, name=name, events=["post_call"]) for name in ("Busy", "Idle"))
    tracker = factories.make_tracker(company)
    for _ in range(3):
        factories.ended_call(company, tracker)
    Delivery.objects.filter(subscription=idle).update(state="delivered", due_at=None)
    page = shown(client)
    assert "Busy" in page
    assert f"?subscription={busy.pk}&amp;since=all&amp;state=pending" in page
    assert ">3</a>" in page
    assert "Idle" not in page


def test_endpoints_in_trouble_say_since_when_and_why(client):
    subscription = factories.make_subscription(factories.make_company("Acme"), name="Broken CRM")
    now = timezone.now()
    EndpointHealth.objects.create(
        subscription=subscription, window_began=now, failing_since=now - timedelta(hours=2),
        last_failure="Timed out after 15 s", open_until=now + timedelta(minutes=3),
    )  # fmt: skip
    page = shown(client)
    assert "Broken CRM" in page
    assert "Timed out after 15 s" in page


def test_tasks_that_failed_say_why(client):
    now = timezone.now()
    Failure.objects.create(
        id="a" * 32, name="t", func="subscriptions.worker.tasks.tidy", started=now, stopped=now, success=False,
        result="Traceback …\nOperationalError: disk full",
    )  # fmt: skip
    page = shown(client)
    assert "subscriptions.worker.tasks.tidy" in page
    assert "OperationalError: disk full" in page


def test_it_takes_as_many_queries_for_many_as_for_one(client, django_assert_max_num_queries):
    company = factories.make_company()
    tracker = factories.make_tracker(company)
    for number in range(5):
        factories.make_subscription(company, name=f"S{number}", events=["post_call"])
    factories.ended_call(company, tracker)
    with django_assert_max_num_queries(22):
        shown(client)


@pytest.mark.parametrize("role", ["owner", "admin", "viewer"])
def test_members_do_not_get_in_nor_see_it_in_the_menu(role):
    client = login(factories.make_member(factories.make_company(), role))
    assert client.get(reverse("admin:service")).status_code == 403
    assert reverse("admin:service") not in client.get(reverse("admin:index")).content.decode()
