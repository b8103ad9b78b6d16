"""Resend all failed since…, by a program: counted, started, watched, cancelled."""

from __future__ import annotations

import pytest

from subscriptions.endpoints import resend_jobs
from subscriptions.models import Delivery
from tests.support.api import ago, program, wrong
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/resend-jobs/"


@pytest.fixture
def subscription():
    subscription = make_subscription(make_company(), events=["pre_call"])
    tracker = make_tracker(subscription.company)
    for _ in range(3):
        make_call(subscription.company, tracker)
    Delivery.objects.update(state="failed", due_at=None)
    return subscription


@pytest.fixture
def api(subscription):
    return program(subscription.company, ["read", "manage"])


def wanted(subscription, **more):
    return {"subscription": subscription.resource_id, "since": ago(hours=1), **more}


def test_the_count_starts_nothing(api, subscription):
    answer = api.post(JOBS, wanted(subscription, count_only=True))
    assert (answer.status_code, answer.json()) == (200, {"total": 3})
    assert api.get(JOBS).json()["results"] == []


def test_a_job_is_started_and_tells_its_progress(api, subscription):
    job = api.post(JOBS, wanted(subscription, per_second=2))
    assert job.status_code == 201
    assert (job.json()["state"], job.json()["total"], job.json()["sent"]) == ("running", 3, 0)
    resend_jobs.step()
    assert api.get(job["Location"]).json()["sent"] == 2


def test_a_cancelled_job_is_over(api, subscription):
    job = api.post(JOBS, wanted(subscription))
    assert api.post(f"{job['Location']}cancel/").json()["state"] == "cancelled"
    assert resend_jobs.step() == 0


def test_a_second_one_beside_it_is_refused(api, subscription):
    api.post(JOBS, wanted(subscription))
    again = api.post(JOBS, wanted(subscription))
    assert again.status_code == 409
    assert "running already" in again.json()["detail"]


def test_a_state_that_is_none_cannot_be_asked_for(api, subscription):
    assert wrong(api.post(JOBS, wanted(subscription, states=["lost"])))


def test_another_company_finds_neither_subscription_nor_job(api, subscription):
    job = api.post(JOBS, wanted(subscription))
    stranger = program(make_company("Other"), ["read", "manage"])
    assert stranger.post(JOBS, wanted(subscription)).status_code == 404
    assert stranger.get(job["Location"]).status_code == 404
    assert stranger.post(f"{job['Location']}cancel/").status_code == 404


def test_it_takes_the_scope_to_manage(subscription):
    assert program(subscription.company, ["read", "ingest"]).post(JOBS, wanted(subscription)).status_code == 403
