"""A receiver's headers and login arrive with each webhook, and nowhere else."""

from __future__ import annotations

import base64
import json
import logging

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from subscriptions.delivery import webhook_client
from subscriptions.delivery.credentials import Credentials
from subscriptions.delivery.masking import MASK
from subscriptions.models import Attempt, Delivery, Subscription
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Got, Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

LOGIN = base64.b64encode(b"hooks:pa55/word").decode()
BASIC = Credentials({"X-Tenant": "acme-4711", "X-Flag": "on"}, "hooks", "pa55/word")


def subscribed(receiver: Receiver, credentials: Credentials) -> Subscription:
    subscription = make_subscription(make_company(), url=receiver.url)
    subscription.credentials = credentials
    subscription.save()
    return subscription


def echo(got: Got) -> tuple[int, dict[str, str], bytes]:
    """As many receivers do while they are being set up."""
    headers = {"X-Echo": got.headers["Authorization"], "X-Echo-Tenant": got.headers.get("X-Tenant", "")}
    return 400, headers, json.dumps(got.headers).replace("/", "\\/").encode()


def test_they_are_sent_and_the_log_masks_them_even_when_they_come_back(receiver: Receiver):
    receiver.answer = echo
    subscription = subscribed(receiver, BASIC)
    make_call(subscription.company)
    drain_until(lambda: Attempt.objects.exists())
    (got,) = receiver.got
    assert (got.headers["Authorization"], got.headers["X-Tenant"], got.headers["X-Flag"]) == (
        f"Basic {LOGIN}",
        "acme-4711",
        "on",
    )
    assert "webhook-signature" in got.headers
    attempt = Attempt.objects.get()
    sent = dict(attempt.request_headers)
    assert (sent["Authorization"], sent["X-Tenant"], sent["X-Flag"]) == (f"Basic {MASK}", MASK, MASK)
    assert sent["Signature"] == got.headers["Signature"]
    returned = dict(attempt.response_headers)
    assert (returned["X-Echo"], returned["X-Echo-Tenant"]) == (f"Basic {MASK}", MASK)
    kept = json.dumps([attempt.request_headers, attempt.response_headers]) + bytes(attempt.response_body).decode()
    for secret in (LOGIN, LOGIN.replace("/", "\\/"), "pa55/word", "acme-4711"):
        assert secret not in kept
    assert MASK in bytes(attempt.response_body).decode()


def test_a_bearer_token_is_sent(receiver: Receiver):
    subscription = subscribed(receiver, Credentials({}, token="tok-4711"))
    make_call(subscription.company)
    drain_until(nothing_pending)
    assert receiver.got[0].headers["Authorization"] == "Bearer tok-4711"


def test_a_header_that_got_past_the_rules_does_not_double_one_of_ours(receiver: Receiver):
    subscription = subscribed(receiver, Credentials({"Webhook-Id": "evt_other", "X-A": "kept"}))
    make_call(subscription.company)
    drain_until(nothing_pending)
    (got,) = receiver.got
    assert got.headers["webhook-id"].startswith("evt_")
    assert "Webhook-Id" not in got.headers
    assert got.headers["X-A"] == "kept"


def test_secrets_that_no_key_opens_cost_an_attempt_and_not_the_drain(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
):
    """A key was taken out too early: every thread would die of it, one after the other."""
    lost = subscribed(receiver, BASIC)
    foreign = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
    with override_settings(FIELD_ENCRYPTION_KEYS=[foreign]):
        lost.save()
    well = make_subscription(lost.company, url=receiver.url, name="Well")
    webhook_client._plain.cache_clear()
    with caplog.at_level(logging.CRITICAL, logger="subscriptions.delivery.sending"):
        make_call(well.company)
        drain_until(lambda: Attempt.objects.count() == 2)
    assert Delivery.objects.get(subscription=well).state == "delivered"
    attempt = Attempt.objects.get(delivery__subscription=lost)
    assert (attempt.error, attempt.status_code) == ("internal", None)
    assert "secrets could not be read" in attempt.message
    assert Delivery.objects.get(subscription=lost).state == "pending"


def test_a_form_that_changes_the_server_alone_is_refused(receiver: Receiver):
    """The model's own rule, for whatever form there is."""
    subscription = subscribed(receiver, BASIC)
    subscription.url = "https://evil.example.net/hooks"
    with pytest.raises(ValidationError) as refused:
        subscription.full_clean()
    assert refused.value.message_dict.keys() == {"url"}
    subscription.credentials = Credentials()
    subscription.full_clean()
