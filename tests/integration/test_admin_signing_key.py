"""A new signing key from the company's page: asked first, shown once made, in the audit log, signing at once."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.models import AuditEntry, Company
from tests.support import factories
from tests.support.admin import login
from tests.support.demo_receiver import sha1_signature
from tests.support.drains import drain_until, nothing_pending

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_asked_first_and_then_signs(receiver):
    company = factories.make_company()
    factories.make_subscription(company, url=receiver.url, events=["post_call"])
    client = login(factories.make_member(company, "owner"))
    page = reverse("admin:subscriptions_company_rotate_signing_key", args=[company.pk])
    old = company.signing_key
    assert "old key stops working immediately" in client.get(page).content.decode()
    assert Company.objects.get().signing_key == old
    shown = client.post(page).content.decode()
    new = Company.objects.get().signing_key
    assert new != old
    assert len(new) == len(old) == 32
    assert new in shown
    assert AuditEntry.objects.filter(company=company, act__contains="Created a new signing key").exists() or (
        AuditEntry.objects.filter(company=company, detail__contains="Created a new signing key").exists()
    )
    factories.ended_call(company, factories.make_tracker(company))
    drain_until(nothing_pending)
    (got,) = receiver.got
    assert got.headers["Signature"] == sha1_signature(got.body, new)
