"""`rotate_encryption_keys`: all secrets under the first key, and the old one can go."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from subscriptions.delivery.credentials import Credentials
from subscriptions.endpoints.operations import rotate_secret
from subscriptions.lib.encryption import CannotDecrypt
from subscriptions.maintenance.key_rotation import find_encrypted_columns, rotate
from subscriptions.models import Company, Subscription
from tests.support.factories import make_company, make_subscription

pytestmark = pytest.mark.django_db

OLD = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NEW = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="


@pytest.fixture
def secrets(settings: Any) -> dict[str, str]:
    """Of a company and a subscription with everything, written with the old key."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    subscription = make_subscription(make_company())
    rotate_secret(subscription)
    subscription.credentials = Credentials({"X-Tenant": "acme"}, "hooks", "pass", "", "a key and its certificate")
    subscription.save()
    return read()


def read() -> dict[str, str]:
    company, subscription = Company.objects.get(), Subscription.objects.get()
    return {"signing_key": company.signing_key} | {name: getattr(subscription, name) for name in Subscription.ENCRYPTED}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rotate_encryption_keys", *arguments, stdout=out)
    return out.getvalue()


def test_every_encrypted_column_is_known():
    """Found by their type: a new one needs no entry anywhere."""
    names = {model._meta.model_name: columns for model, columns in find_encrypted_columns().items()}
    assert names["company"] == ["signing_key"]
    assert sorted(names["subscription"]) == sorted(Subscription.ENCRYPTED)


def test_afterwards_the_old_key_can_be_taken_out(secrets: dict[str, str], settings: Any):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="older key is still needed"):
        run("--check")
    told = run()
    assert "subscriptions.Company: 1 rows, 1 values re-encrypted" in told
    assert "subscriptions.Subscription: 1 rows, 6 values re-encrypted" in told  # no token is stored
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert read() == secrets
    assert "The first key decrypts everything" in run("--check")
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    with pytest.raises(CannotDecrypt):
        read()


def test_a_second_run_writes_nothing(secrets: dict[str, str], settings: Any):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT signing_key FROM subscriptions_company")
        before = cursor.fetchone()
        assert "0 values re-encrypted" in run()
        cursor.execute("SELECT signing_key FROM subscriptions_company")
        assert cursor.fetchone() == before


def test_stopped_in_the_middle_it_goes_on_where_it_was(settings: Any):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    keys = {make_company(f"Company {number}").signing_key for number in range(5)}
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    first = next(rotate(write=True, batch=2))
    assert (first.rows, first.reencrypted) == (2, 2)
    assert {company.signing_key for company in Company.objects.all()} == keys
    *_, rest = [each for each in rotate(write=True, batch=2) if each.model == "subscriptions.Company"]
    assert (rest.rows, rest.reencrypted) == (5, 3)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert {company.signing_key for company in Company.objects.all()} == keys


def test_what_no_key_opens_is_named_and_the_rest_is_done(secrets: dict[str, str], settings: Any):
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    other = make_company("New")
    settings.FIELD_ENCRYPTION_KEYS = [NEW.replace("M", "N", 1), NEW]
    with pytest.raises(CommandError) as told:
        run()
    assert f"subscriptions.Company {min(Company.objects.values_list('pk', flat=True))}.signing_key" in str(told.value)
    assert "Add the key they were encrypted with" in str(told.value)
    settings.FIELD_ENCRYPTION_KEYS = [NEW.replace("M", "N", 1)]
    assert Company.objects.get(pk=other.pk).signing_key == other.signing_key
