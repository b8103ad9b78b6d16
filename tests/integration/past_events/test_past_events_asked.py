"""Asking for past events: on the subscription's page and in the API. Counted first, then a job, by those who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from subscriptions.endpoints import operations
from subscriptions.models import AuditEntry, Delivery, Event, ResendJob
from subscriptions.past import jobs
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.api import ago, program

pytestmark = pytest.mark.django_db
LONG = {"field": "duration", "min": 60}


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def late(company):
    """A subscription that came after two calls, of which its filter wants one."""
    for seconds in (70, 5):
        factories.ended_call(company, duration=seconds, customer_name="Ann Example")
    return factories.make_subscription(company, events=["post_call"], conditions=LONG)


def asking(subscription):
    return reverse("admin:subscriptions_subscription_past_events", args=[subscription.pk])


def asked(client, subscription, **changes):
    return {**filled_in(client.get(asking(subscription)).content.decode()), **changes}


# --- in the admin -----------------------------------------------------------------------------------------------------
def test_it_is_counted_then_confirmed_then_a_job(client, late):
    page = reverse("admin:subscriptions_subscription_change", args=[late.pk])
    assert asking(late) in client.get(page).content.decode()
    counted = client.post(asking(late), asked(client, late)).content.decode()
    assert "Of 2 events, 1 will be sent." in counted
    assert "1 is filtered out" in counted
    assert "Duration at least 60 was wanted; it was 5." in counted
    assert "Ann Example" in counted
    assert not ResendJob.objects.exists()
    assert not Delivery.objects.exists()

    answer = client.post(asking(late), {**filled_in(counted), "start": "1"})
    job = ResendJob.objects.get()
    address = reverse("admin:subscriptions_resendjob_change", args=[job.pk])
    assert answer.headers["Location"] == address
    assert (job.total, job.kind, job.events, job.requested_by.get_username()) == (
        2, "past", ["post_call"], "member1@example.com",
    )  # fmt: skip
    assert AuditEntry.objects.get(act="Started to send past events").detail == "2 events: Post-Call. 50 a second"
    assert "0 of 2 past events sent" in client.get(address).content.decode()
    assert jobs.step() == 1
    shown = client.get(address).content.decode()
    assert "Done: 1 of 2 past events sent, 1 not." in shown
    assert "1 filtered out" in shown
    assert "past events" in client.get(reverse("admin:subscriptions_resendjob_changelist")).content.decode()


def test_of_another_subscription(client, company, late):
    first = factories.make_subscription(company, name="Old CRM", events=["post_call"])
    factories.make_subscription(factories.make_company("Other"), name="zq7")
    factories.ended_call(company, duration=80)
    operations.archive(first)
    form = asked(client, late)
    assert "Old CRM" in client.get(asking(late)).content.decode()
    assert "zq7" not in client.get(asking(late)).content.decode()
    counted = client.post(asking(late), {**form, "source": [str(first.pk)]}).content.decode()
    assert "1 is left alone: the subscription has them already." in counted
    client.post(asking(late), {**filled_in(counted), "start": "1"})
    assert ResendJob.objects.get().source == first


def test_another_companys_subscription_is_not_taken(client, late):
    other = factories.make_subscription(factories.make_company("Other"))
    answer = client.post(asking(late), asked(client, late, source=[str(other.pk)]))
    assert "Select a valid choice" in answer.content.decode()
    assert not ResendJob.objects.exists()


def test_what_is_no_longer_kept_is_said_to_be_gone(client, late, settings):
    settings.RETAIN_DELIVERED_DAYS = 30
    long_ago = timezone.now() - timedelta(days=50)
    shown = client.post(asking(late), asked(client, late, since=[f"{long_ago:%Y-%m-%dT%H:%M:%S}"])).content.decode()
    assert "are gone: this service no longer keeps them." in shown
    until = timezone.now() - timedelta(days=40)
    form = asked(client, late, since=[f"{long_ago:%Y-%m-%dT%H:%M:%S}"], until=[f"{until:%Y-%m-%dT%H:%M:%S}"])
    assert "are gone: this service keeps them for 30 days." in client.post(asking(late), form).content.decode()


def test_nothing_there_and_a_second_job_are_said(client, company, late):
    Event.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert "There are no events of these types" in client.post(asking(late), asked(client, late)).content.decode()
    Event.objects.update(created_at=timezone.now())
    counted = filled_in(client.post(asking(late), asked(client, late)).content.decode())
    client.post(asking(late), {**counted, "start": "1"})
    assert "running already" in client.post(asking(late), {**counted, "start": "1"}).content.decode()
    assert ResendJob.objects.count() == 1


def test_who_only_reads_does_not(company, late):
    viewer = login(factories.make_member(company, "viewer"))
    assert viewer.get(asking(late)).status_code == 403
    assert viewer.post(asking(late), {"start": "1"}).status_code == 403


def test_a_removed_one_gets_none(client, late):
    operations.archive(late)
    page = reverse("admin:subscriptions_subscription_change", args=[late.pk])
    assert asking(late) not in client.get(page).content.decode()
    answer = client.post(asking(late), {"since": "2026-01-01T00:00:00", "events": ["post_call"], "per_second": "5"})
    assert "The subscription was removed" in answer.content.decode()


# --- in the API -------------------------------------------------------------------------------------------------------
def test_a_program_counts_starts_watches_and_cancels(company, late):
    client = program(company, ["read", "manage"])
    address = f"/api/v1/subscriptions/{late.resource_id}/past-events/"
    wanted = {"since": ago(days=1)}
    answer = client.post(address, {**wanted, "count_only": True}, format="json")
    assert answer.status_code == 200, answer.data
    names = ("total", "would_go", "filtered_out", "already_there", "no_body", "gone")
    assert [answer.data[name] for name in names] == [2, 1, 1, 0, 0, 0]
    assert answer.data["staying"][0]["reason"] == "Duration at least 60 was wanted; it was 5."

    made = client.post(address, {**wanted, "per_second": 1}, format="json")
    assert made.status_code == 201, made.data
    assert (made.data["kind"], made.data["total"], made.data["events"]) == ("past", 2, ["post_call"])
    jobs.step()
    job = client.get(made["Location"]).data
    assert (job["sent"] + job["filtered_out"], job["state"]) == (1, "running")
    assert client.post(f"{made['Location']}cancel/").data["state"] == "cancelled"
    acts = list(AuditEntry.objects.values_list("act", flat=True))
    assert {"Started to send past events", "Cancelled a resend"} <= set(acts)


def test_a_program_replays_another_subscriptions(company, late):
    client = program(company, ["read", "manage"])
    first = factories.make_subscription(company, events=["post_call"])
    factories.ended_call(company, duration=80)
    operations.archive(first)
    Delivery.objects.filter(subscription=late).delete()
    address = f"/api/v1/subscriptions/{late.resource_id}/past-events/"
    wanted = {"since": ago(days=1), "source": first.resource_id}
    made = client.post(address, wanted, format="json")
    assert (made.data["total"], made.data["source"]) == (1, first.resource_id)
    assert jobs.step() == 1
    strange = factories.make_subscription(factories.make_company("Other"))
    assert client.post(address, {**wanted, "source": strange.resource_id}, format="json").status_code == 404


def test_what_cannot_be_is_refused_with_words(company, late):
    client = program(company, ["read", "manage"])
    address = f"/api/v1/subscriptions/{late.resource_id}/past-events/"
    answer = client.post(address, {"since": ago(days=1), "events": ["form_submission"]}, format="json")
    assert (answer.status_code, "does not ask for Form Submission" in answer.data["detail"]) == (409, True)
    answer = client.post(address, {"since": ago(days=1), "source": late.resource_id}, format="json")
    assert "its own webhooks" in answer.data["detail"]
    assert client.post(address, {}, format="json").status_code == 400
    only_manage = program(company, ["manage"])
    assert only_manage.post(address, {"since": ago(days=1), "count_only": True}, format="json").status_code == 403
    operations.pause(late)
    answer = client.post(address, {"since": ago(days=1)}, format="json")
    assert "Resume it first" in answer.data["detail"]
