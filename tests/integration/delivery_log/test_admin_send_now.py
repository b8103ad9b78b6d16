"""Send now in the admin: on a delivery's page, for chosen ones of the list, and on a subscription's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from subscriptions.endpoints import operations
from subscriptions.models import AuditEntry, Delivery, EndpointHealth
from tests.integration.delivery_log.support import LIST, put, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(delivery) -> Delivery:
    put(delivery, attempts=2, lane=1, due_at=timezone.now() + timedelta(hours=2))
    return delivery


def is_due(delivery: Delivery) -> bool:
    delivery.refresh_from_db()
    return delivery.due_at is not None and delivery.due_at <= timezone.now()


def test_a_delivery_that_waits_has_the_button_and_one_that_is_due_has_not(client, waiting):
    button = f'action="{url(waiting, "send_now")}"'
    assert button in client.get(url(waiting)).content.decode()
    answer = client.post(url(waiting, "send_now"), follow=True).content.decode()
    assert "1 webhook will be sent now." in answer
    assert is_due(waiting)
    assert AuditEntry.objects.latest("pk").act == "Sent now"
    assert button not in answer
    now = timezone.now()
    EndpointHealth.objects.create(
        subscription=waiting.subscription, window_began=now, opened=1, open_until=now + timedelta(minutes=4)
    )
    assert button in client.get(url(waiting)).content.decode()


def test_chosen_ones_of_the_list(client, waiting):
    chosen = {"action": "send_now_selected", "_selected_action": [waiting.pk], "index": 0}
    assert "1 webhook will be sent now." in client.post(LIST, chosen, follow=True).content.decode()
    assert is_due(waiting)
    put(waiting, state="failed", due_at=None)
    assert "1 webhook skipped: finished, held" in client.post(LIST, chosen, follow=True).content.decode()


def test_all_pages_of_the_list_become_a_job_of_what_waits(client, waiting):
    chosen = {"action": "send_now_selected", "_selected_action": [waiting.pk], "select_across": "1", "index": 0}
    at = client.post(LIST, chosen).headers["Location"]
    assert at.startswith(reverse("admin:subscriptions_resendjob_add"))
    assert "states=pending" in at
    page = client.get(at).content.decode()
    assert "Waiting for a retry" in page


def test_all_of_a_subscription(client, waiting):
    page = reverse("admin:subscriptions_subscription_change", args=[waiting.subscription_id])
    button = reverse("admin:subscriptions_subscription_send_now", args=[waiting.subscription_id])
    assert f'action="{button}"' in client.get(page).content.decode()
    assert "1 webhook waits, and will be sent now" in client.post(button, follow=True).content.decode()
    assert EndpointHealth.objects.get().forward_at is not None
    assert AuditEntry.objects.latest("pk").act == "Sent now what waits: 1 webhook waits"
    put(waiting, state="delivered", due_at=None)
    assert f'action="{button}"' not in client.get(page).content.decode()
    assert "Nothing waits for this subscription." in client.post(button, follow=True).content.decode()


def test_what_went_to_a_removed_subscription_says_what_can_be_done(client, waiting):
    put(waiting, state="failed", due_at=None)
    operations.archive(waiting.subscription)
    assert "Add a new subscription with its URL" in client.get(url(waiting)).content.decode()
    chosen = {"action": "resend_selected", "_selected_action": [waiting.pk], "index": 0}
    assert "add a new one for future events" in client.post(LIST, chosen, follow=True).content.decode()
