"""Send now by the API: one delivery, several, all of a subscription, a job; each act stands in the audit log."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.endpoints import operations, resend_jobs
from subscriptions.models import AuditEntry, Delivery, EndpointHealth, ResendJob, Subscription
from tests.support.api import program, wrong
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    subscription = make_subscription(make_company(), events=["pre_call"])
    tracker = make_tracker(subscription.company)
    for _ in range(3):
        make_call(subscription.company, tracker)
    Delivery.objects.update(attempts=2, lane=1, due_at=timezone.now() + timedelta(hours=2))
    return subscription


@pytest.fixture
def api(subscription):
    return program(subscription.company)


def due() -> list[int]:
    rows = Delivery.objects.filter(state="pending", due_at__lte=timezone.now())
    return list(rows.order_by("pk").values_list("pk", flat=True))


def acts() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", "detail"))


def test_one(subscription, api):
    row = Delivery.objects.earliest("pk")
    answer = api.post(f"/api/v1/deliveries/{row.pk}/send-now/")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert due() == [row.pk]
    assert acts() == [("Sent now", "")]


def test_one_that_does_not_wait_is_refused_with_what_to_do(subscription, api):
    row = Delivery.objects.earliest("pk")
    at = f"/api/v1/deliveries/{row.pk}/"
    Delivery.objects.filter(pk=row.pk).update(state="failed", due_at=None)
    answer = api.post(f"{at}send-now/")
    assert (answer.status_code, "“resend” sends it again" in answer.json()["detail"]) == (409, True)
    operations.pause(subscription)
    assert "Resume it first" in api.post(f"{at}send-now/").json()["detail"]
    operations.archive(subscription)
    for verb in ("send-now", "resend"):
        answer = api.post(f"{at}{verb}/")
        assert (answer.status_code, "Add a new subscription" in answer.json()["detail"]) == (409, True)
    assert acts() == []


def test_several(subscription, api):
    first, second, third = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    Delivery.objects.filter(pk=third).update(state="failed", due_at=None)
    answer = api.post("/api/v1/deliveries/send-now/", {"deliveries": [first, second, third]})
    assert (answer.status_code, answer.json()) == (202, {"deliveries": 2})
    assert due() == [first, second]
    assert acts() == [("Sent now", "2 chosen webhooks")]
    unknown = wrong(api.post("/api/v1/deliveries/send-now/", {"deliveries": [first, 999_999_999]}))
    assert unknown["#/deliveries"] == "There is no such delivery: 999999999."
    assert wrong(api.post("/api/v1/deliveries/send-now/", {"deliveries": []}))


def test_all_of_a_subscription(subscription, api):
    at = f"/api/v1/subscriptions/{subscription.resource_id}/send-now/"
    answer = api.post(at)
    assert (answer.status_code, answer.json()) == (202, {"deliveries": 3})
    assert EndpointHealth.objects.get().forward_at is not None
    assert acts() == [("Sent now what waits", "3 webhooks wait")]
    operations.pause(subscription)
    assert api.post(at).status_code == 409


def test_by_a_job_in_steps(subscription, api):
    asked = {"subscription": subscription.resource_id, "since": "2026-01-01T00:00:00Z", "states": ["pending"]}
    assert api.post("/api/v1/resend-jobs/", {**asked, "count_only": True}).json() == {"total": 3}
    answer = api.post("/api/v1/resend-jobs/", {**asked, "per_second": 2})
    assert (answer.status_code, answer.json()["total"]) == (201, 3)
    assert resend_jobs.step() == 2
    assert len(due()) == 2
    assert ResendJob.objects.get().state == "running"


def test_a_key_that_may_only_read_may_not(subscription):
    reader = program(subscription.company, scopes=["read"])
    row = Delivery.objects.earliest("pk")
    for at in (f"deliveries/{row.pk}", "deliveries", f"subscriptions/{subscription.resource_id}"):
        assert reader.post(f"/api/v1/{at}/send-now/", {}).status_code == 403
    assert due() == []
