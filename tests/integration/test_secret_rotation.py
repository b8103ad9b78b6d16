"""A new secret: the old one signs beside it until the overlap ends, and not a moment longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from subscriptions.endpoints import operations
from subscriptions.models import Subscription
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Got, Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def verifies(got: Got, secret: str) -> bool:
    try:
        Webhook(secret).verify(got.body, {name.lower(): value for name, value in got.headers.items()})
    except WebhookVerificationError:
        return False
    return True


def deliver_one(subscription: Subscription, receiver: Receiver) -> Got:
    make_call(subscription.company)
    drain_until(nothing_pending)
    return receiver.got[-1]


def test_the_old_secret_signs_until_its_overlap_ends(receiver: Receiver):
    subscription = make_subscription(make_company(), url=receiver.url, events=["pre_call"])
    old = subscription.secret
    operations.rotate_secret(subscription, overlap=timedelta(hours=1))
    assert subscription.secret != old
    during = deliver_one(subscription, receiver)
    assert (verifies(during, old), verifies(during, subscription.secret)) == (True, True)
    Subscription.objects.filter(pk=subscription.pk).update(previous_secret_until=timezone.now() - timedelta(seconds=1))
    after = deliver_one(subscription, receiver)
    assert (verifies(after, old), verifies(after, subscription.secret)) == (False, True)
