"""The log as a file: what the list shows, bounded, harmless to a spreadsheet, of no other company."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from calls.callers import number_in_words
from subscriptions.admin.kit import export
from subscriptions.models import AuditEntry, Delivery
from tests.integration.delivery_log.support import put
from tests.support import factories

pytestmark = pytest.mark.django_db


EXPORT = reverse("admin:subscriptions_delivery_export")


def exported(client, **query) -> list[dict[str, str]]:
    answer = client.get(EXPORT, query)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_the_list_is_a_file_too(client, company, subscription, call, delivery):
    subscription.name = "=cmd()"
    subscription.save()
    put(delivery, state="failed", attempts=10, status_code=404)
    (row,) = exported(client, state="failed")
    assert row["Subscription"] == "'=cmd()"
    assert (row["State"], row["HTTP code"], row["About"]) == ("Failed", "404", call.resource_id)
    assert row["Who"]
    assert row["Number"] == number_in_words(call)
    assert row["Created"].endswith("-05:00") or row["Created"].endswith("-04:00") or row["Created"].endswith("+00:00")
    assert exported(client, state="held") == []
    assert len(exported(client, q=call.resource_id)) == 1
    entry = AuditEntry.objects.filter(act="Exported deliveries").order_by("pk")[0]
    assert (entry.company_id, entry.detail) == (company.pk, "With state=failed")


def test_the_file_is_bounded_and_holds_no_other_company(client, company, subscription, delivery, monkeypatch):
    theirs = factories.make_company("Other")
    factories.make_subscription(theirs, name="Theirs")
    factories.ended_call(theirs)
    assert [row["Company"] for row in exported(client)] == [company.name]
    assert client.get(EXPORT, {"company": theirs.pk}).status_code == 400
    assert not AuditEntry.objects.filter(company=theirs).exists()
    assert client.get(EXPORT, {"event__body__startswith": "x"}).status_code == 400
    factories.ended_call(company)
    monkeypatch.setattr(export, "MAX_ROWS", 1)
    first, last = exported(client)
    assert last["Delivery"] == (
        "This file contains the first 1 deliveries only. Choose a shorter period to get the rest."
    )
    assert first["Company"] == company.name


def test_it_is_read_in_slices_that_leave_out_and_repeat_nothing(subscription, monkeypatch):
    """Without a cursor of the server, which a pooler in transaction mode does not keep."""
    companies = [subscription.company, factories.make_company("Other")]
    factories.make_subscription(companies[1])
    for company in companies:
        for _ in range(3):
            factories.ended_call(company)
    moment = Delivery.objects.latest("created_at").created_at
    Delivery.objects.filter(pk__in=Delivery.objects.order_by("pk").values("pk")[2:7]).update(created_at=moment)
    rows = Delivery.objects.order_by("-created_at", "-pk")
    monkeypatch.setattr(export, "SLICE", 2)
    parts = [rows.filter(company=company) for company in companies]
    assert [row.pk for piece in export.merge_slices(parts) for row in piece] == [row.pk for row in rows]
    assert [row.pk for piece in export.read_slices(rows, size=2) for row in piece] == [row.pk for row in rows]
