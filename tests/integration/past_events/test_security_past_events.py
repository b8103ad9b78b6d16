"""Past events in the hands of an attacker: jobs that hold up everybody, and bodies that a mask should have covered."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from subscriptions.delivery.batching import MOST_EVENTS
from subscriptions.endpoints import resend_jobs
from subscriptions.events import conditions
from subscriptions.feed.manifests import making
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Delivery, ResendJob, ShapedBody
from subscriptions.past import dry_run, jobs, reading, walking
from subscriptions.past.judging import Wish
from tests.support import factories
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LONG = {"field": "duration", "min": 60}


def subscribe(company, **more):
    return factories.make_subscription(company, **{"events": ["post_call"], **more})


def begin(subscription, **more):
    now = timezone.now()
    return jobs.start(subscription, **{"since": now - timedelta(days=1), "until": now, "per_second": 100, **more})


def step():
    """One turn of a drain, a second after the one before."""
    jobs.step()
    ResendJob.objects.update(stepped_at=timezone.now() - timedelta(seconds=1))


# --- what everybody waits for -----------------------------------------------------------------------------------------
def test_many_jobs_of_a_company_take_one_turn_and_another_company_is_in_it(company, monkeypatch):
    monkeypatch.setattr(resend_jobs, "LONGEST_TURN_SECONDS", 0.0)
    other = factories.make_company("Other", recording_expected=False, transcription_expected=False)
    for each in (company, other):
        for _ in range(2):  # so that no job is done with one step
            factories.ended_call(each)
    for number in range(3):
        begin(subscribe(company, name=f"Number {number}"), per_second=1)
    begin(subscribe(other), per_second=1)
    assert [jobs.step(), jobs.step()] == [1, 1]
    got = Delivery.objects.filter(lane=Delivery.Lane.LATE).values_list("company", flat=True)
    assert set(got) == {company.pk, other.pk}


def test_a_step_has_few_bytes_of_bodies_in_memory(company, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1)
    tell, told = reading.tell, []

    def noted(asked, ids):
        told.append(len(ids))
        return tell(asked, ids)

    monkeypatch.setattr(reading, "tell", noted)
    for _ in range(3):
        factories.ended_call(company)
    late = subscribe(company, shape={"only": ["duration"]})
    begin(late)
    for _ in range(4):
        step()
    assert max(told) == 1
    assert Delivery.objects.filter(subscription=late, state="pending").count() == 3
    assert ResendJob.objects.get().state == "done"


def test_many_values_are_folded_once_for_all_events(company, monkeypatch):
    fold, folded = conditions._folded, []

    def noted(value):
        folded.append(value)
        return fold(value)

    monkeypatch.setattr(conditions, "_folded", noted)
    for _ in range(3):
        factories.ended_call(company)
    values = [f"Source {number}" for number in range(1000)]
    found = dry_run.run(Wish(company.pk, ["post_call"], {"any": [{"field": "source", "in": values}] * 3}))
    assert found.counts.filtered_out == 3
    assert len(folded) < 3 * 1000 + 100


def test_a_job_is_counted_beside_no_other_count_of_the_company(company):
    factories.ended_call(company)
    late = subscribe(company)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [dry_run.LOCK, company.pk])
        with pytest.raises(ActionRefused, match="not done yet"):
            begin(late)
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cleaned_by_deleting")
def test_whoever_starts_a_job_keeps_no_call_from_being_saved(company):
    late = subscribe(company)

    def save():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        factories.ended_call(company)

    with transaction.atomic():
        resend_jobs.refuse_second(late)
        at_once([save])
    assert Delivery.objects.filter(subscription=late).count() == 1


# --- what a receiver may see ------------------------------------------------------------------------------------------
def left_out(company, **more):
    """A subscription, and an event that its filter left out."""
    late = subscribe(company, conditions=LONG, **more)
    factories.ended_call(company, duration=5, customer_name="Jane Example")
    assert Delivery.objects.get(subscription=late).state == "cancelled"
    late.conditions = None
    return late


@pytest.mark.parametrize("before", [None, {"only": ["customer_name", "duration"]}])
def test_what_was_left_out_before_a_mask_was_set_is_masked(company, before):
    late = left_out(company, shape=before)
    late.shape = {"only": ["customer_name"], "mask": ["names"]}
    late.save()
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=1))
    begin(late)
    step()
    row = Delivery.objects.get(subscription=late)
    assert (row.state, row.shaped, row.reason) == ("pending", True, "A past event, sent on request.")
    assert json.loads(bytes(ShapedBody.objects.get(subscription_id=late.pk).body)) == {"customer_name": "J*** E***"}
    assert row.event.fan_out == 1
    assert making.make(late, timezone.now().date()).events == 1  # it is of today, and listed


def test_what_was_left_out_goes_as_the_subscription_asks_for_now(company):
    late = left_out(company, shape={"only": ["duration"]})
    late.shape, late.batch_events = None, MOST_EVENTS
    late.save()
    begin(late)
    step()
    row = Delivery.objects.get(subscription=late)
    assert (row.state, row.shaped, row.batch) == ("pending", False, Delivery.Batch.JSON)


def test_a_type_that_is_no_longer_asked_for_is_not_sent_by_a_job_that_runs(company):
    factories.ended_call(company)
    factories.make_form(company)
    late = subscribe(company, events=["post_call", "form_submission"])
    begin(late)
    late.events = ["form_submission"]
    late.save()
    step()
    assert {row.event.type for row in Delivery.objects.filter(subscription=late)} == {"form_submission"}


def test_walking_again_for_less_is_the_same_place(company):
    for _ in range(3):
        factories.ended_call(company)
    late = subscribe(company)
    job = begin(late)
    asked = jobs._asked(job)
    two = walking.walk(asked, job.since, "", 2)
    assert walking.walk(asked, two.place_at, two.place, 9).events == walking.walk(asked, job.since, "", 9).events[2:]
