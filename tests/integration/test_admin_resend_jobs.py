"""Sending many again in the admin: counted, confirmed, watched, cancelled."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.endpoints import operations, resend_jobs
from subscriptions.models import AuditEntry, Delivery, ResendJob
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db

ADD = reverse("admin:subscriptions_resendjob_add")
LIST = reverse("admin:subscriptions_resendjob_changelist")


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def subscription(company):
    return factories.make_subscription(company)


@pytest.fixture
def failed(company, subscription):
    """Three that failed, one that was delivered."""
    for _ in range(4):
        factories.ended_call(company)
    rows = Delivery.objects.order_by("pk")
    rows.update(state="failed", due_at=None)
    Delivery.objects.filter(pk=rows[0].pk).update(state="delivered")
    return rows


def asked(client, query: str = "") -> dict[str, list[str]]:
    return filled_in(client.get(ADD + query).content.decode())


def page(job: ResendJob, kind: str = "change") -> str:
    return reverse(f"admin:subscriptions_resendjob_{kind}", args=[job.pk])


def test_it_is_counted_then_confirmed_then_one_job(client, subscription, failed):
    form = asked(client, f"?subscription={subscription.pk}")
    assert form["subscription"] == [str(subscription.pk)]
    assert form["states"] == ["failed"]
    counted = client.post(ADD, form).content.decode()
    assert "<b>3 webhooks will be sent again</b>" in counted
    assert not ResendJob.objects.exists()

    answer = client.post(ADD, {**filled_in(counted), "start": "yes"})
    job = ResendJob.objects.get()
    assert answer.headers["Location"] == page(job)
    assert (job.total, job.states, job.per_second, job.state) == (3, ["failed"], 50, "running")
    assert job.requested_by.get_username() in client.get(LIST).content.decode()
    assert AuditEntry.objects.get(act="Started a resend").detail.startswith("3 webhooks of “CRM”")


def test_a_link_that_asks_for_the_count_leads_to_the_page_that_confirms(client, subscription, failed):
    shown = client.get(f"{ADD}?since=2000-01-01T00:00:00&count=1").content.decode()
    assert "<b>3 webhooks will be sent again</b>" in shown
    assert client.get(f"{ADD}?since=2000-01-01T00:00:00&count=1&start=1").status_code == 200
    assert not ResendJob.objects.exists()
    client.post(ADD, {**filled_in(shown), "start": "yes"})
    assert ResendJob.objects.get().total == 3
    assert "Count them" in client.get(f"{ADD}?since=nonsense&count=1").content.decode()


def test_what_failed_after_the_count_is_not_sent_unseen(client, company, failed):
    counted = filled_in(client.post(ADD, asked(client)).content.decode())
    factories.ended_call(company)
    Delivery.objects.filter(state="pending").update(state="failed", due_at=None)
    client.post(ADD, {**counted, "start": "yes"})
    assert ResendJob.objects.get().total == 3


def test_its_page_follows_the_work_until_it_is_done(client, subscription, failed):
    client.post(ADD, {**filled_in(client.post(ADD, asked(client)).content.decode()), "start": "yes"})
    job = ResendJob.objects.get()
    shown = client.get(page(job)).content.decode()
    assert page(job, "progress") in shown
    assert "callhooks/progress.js" in shown
    assert client.get(page(job, "progress")).json() == {
        "state": "running",
        "value": 0,
        "max": 3,
        "status_text": "0 of 3 sent again, about 0 s left.",
    }
    assert resend_jobs.step() == 3
    told = client.get(page(job, "progress"))
    assert told.json() == {"state": "done", "value": 3, "max": 3, "status_text": "Done: 3 of 3 sent again."}
    assert "no-store" in told.headers["Cache-Control"]
    shown = client.get(page(job)).content.decode()
    assert "Done: 3 of 3" in shown
    assert "progress.js" not in shown
    assert client.post(page(job, "progress")).status_code == 405


def test_it_is_cancelled_and_says_what_was_done(client, subscription, failed):
    form = {**asked(client), "per_second": ["1"]}
    client.post(ADD, {**filled_in(client.post(ADD, form).content.decode()), "start": "yes"})
    job = ResendJob.objects.get()
    assert resend_jobs.step() == 1
    assert "Cancel the rest" in client.get(page(job)).content.decode()
    answer = client.post(page(job, "cancel"), follow=True)
    assert "Cancelled: 1 of 3 sent again" in answer.content.decode()
    assert resend_jobs.step() == 0
    assert Delivery.objects.filter(state="failed").count() == 2
    assert AuditEntry.objects.filter(act="Cancelled a resend").count() == 1
    assert "This resend has already ended" in client.post(page(job, "cancel"), follow=True).content.decode()
    assert AuditEntry.objects.filter(act="Cancelled a resend").count() == 1


def test_all_subscriptions_at_once_are_a_job_each(client, company, subscription, failed):
    factories.make_subscription(company, name="Second")
    third = factories.make_subscription(company, name="Third")
    factories.ended_call(company)
    Delivery.objects.filter(state="pending").update(state="failed", due_at=None)
    operations.pause(third)
    form = {**asked(client), "subscription": [""]}
    counted = client.post(ADD, form).content.decode()
    assert "<b>5 webhooks will be sent again</b>" in counted
    assert client.post(ADD, {**filled_in(counted), "start": "yes"}).headers["Location"] == LIST
    assert sorted(ResendJob.objects.values_list("subscription__name", "total")) == [("CRM", 4), ("Second", 1)]


def test_bad_answers_are_told_in_words(client, company, subscription, failed):
    form = asked(client)
    for change, words in (
        ({"since": [""]}, "This field is required"),
        ({"until": ["2020-01-01T00:00:00"]}, "The end must be after the beginning."),
        ({"states": []}, "Choose at least one."),
        ({"states": ["unknown"]}, "Select a valid choice"),
        ({"per_second": ["0"]}, "greater than or equal to 1"),
        ({"states": ["held"]}, "There are no webhooks to send again in this period."),
    ):
        assert words in client.post(ADD, {**form, **change, "start": "yes"}).content.decode(), change
    operations.pause(subscription)
    chosen = {**form, "subscription": [str(subscription.pk)], "start": "yes"}
    assert "“CRM” is not active. Resume it first." in client.post(ADD, chosen).content.decode()
    assert not ResendJob.objects.exists()


def test_a_second_one_has_to_wait(client, failed):
    counted = {**filled_in(client.post(ADD, asked(client)).content.decode()), "start": "yes"}
    client.post(ADD, counted)
    assert "is running already" in client.post(ADD, counted).content.decode()
    assert ResendJob.objects.count() == 1


def test_a_viewer_watches_and_starts_nothing(client, company, failed):
    client.post(ADD, {**filled_in(client.post(ADD, asked(client)).content.decode()), "start": "yes"})
    job = ResendJob.objects.get()
    viewer = login(factories.make_member(company, "viewer"))
    assert viewer.get(page(job)).status_code == viewer.get(page(job, "progress")).status_code == 200
    assert client.post(page(job), {"_saveasnew": "1"}).status_code == 403
    assert viewer.get(ADD).status_code == viewer.post(page(job, "cancel")).status_code == 403


def test_another_companys_subscription_is_neither_offered_nor_taken(client, failed):
    theirs = factories.make_subscription(factories.make_company("Other"), name="Theirs")
    assert "Theirs" not in client.get(f"{ADD}?subscription={theirs.pk}").content.decode()
    answer = client.post(ADD, {**asked(client), "subscription": [str(theirs.pk)], "start": "yes"})
    assert "Select a valid choice" in answer.content.decode()
    assert not ResendJob.objects.exists()


def test_a_beginning_that_no_clock_can_tell_is_refused(client, failed):
    form = {**asked(client), "since": "0001-01-01T00:00:00", "start": "yes"}
    assert "between 1970 and 2200" in client.post(ADD, form).content.decode()
    assert not ResendJob.objects.exists()
