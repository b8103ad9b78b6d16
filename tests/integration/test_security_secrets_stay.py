"""Stored secrets show in no repr, export, admin history or search."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection

from subscriptions.delivery.outbox import Claimed
from subscriptions.models import Company, Subscription
from tests.support.claims import claim
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    return make_subscription(make_company())


@pytest.mark.parametrize("model", ["subscriptions.company", "subscriptions.subscription"])
def test_dumpdata_refuses_and_says_what_to_do(subscription: Subscription, model: str):
    """In plain text they would be out; as ciphertext, whoever stole one could load it as a value of their own."""
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"pg_dump .*--exclude"):
        call_command("dumpdata", model, stdout=out)
    assert subscription.secret not in out.getvalue()


def test_other_models_can_still_be_exported(subscription: Subscription):
    make_call(subscription.company)
    out = io.StringIO()
    call_command("dumpdata", "calls.person", stdout=out)
    assert "+12145550123" in out.getvalue()


def test_a_ciphertext_that_somebody_types_in_is_not_opened(subscription: Subscription):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM subscriptions_subscription")
        (stolen,) = cursor.fetchone()
    Subscription.objects.filter(pk=subscription.pk).update(auth_token=stolen)
    subscription.refresh_from_db()
    assert subscription.auth_token == stolen


@pytest.mark.parametrize("lookup", ["secret", "secret__startswith", "secret__in", "auth_password__contains"])
def test_they_cannot_be_searched(subscription: Subscription, lookup: str):
    with pytest.raises((FieldError, TypeError)):
        Subscription.objects.filter(**{lookup: "whsec_"}).exists()
    with pytest.raises((FieldError, TypeError)):
        Company.objects.filter(**{f"subscriptions__{lookup}": "whsec_"}).exists()


def test_no_repr_tells_them(subscription: Subscription):
    make_call(subscription.company)
    (job,) = claim()
    assert isinstance(job, Claimed)
    for text in (repr(subscription), repr(subscription.company), repr(job), str(subscription)):
        assert subscription.secret not in text
        assert subscription.company.signing_key not in text
        assert "gAAAA" not in text  # how every ciphertext begins
