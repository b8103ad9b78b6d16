"""A company's calls, texts, forms and log are deleted after the days that it, or the installation, chose; no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callhooks_site.privacy import keeping
from callhooks_site.privacy.models import KeptDays
from calls.models import Call, Person
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.maintenance import integrity_check, retention
from subscriptions.models import Attempt, Delivery, Event, EventStream, RetentionPlace
from tests.support import factories
from tests.support.admin import login

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

NUMBER = "+12145550181"


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def make_all(company, days, number=NUMBER):
    """A call, a text and a form of so many days ago, with their webhooks delivered then, and one held."""
    at = days_ago(days)
    tracker = factories.make_tracker(company)
    call = factories.ended_call(company, tracker, customer_phone_number=number, start_time=at)
    text = factories.make_text(company, tracker, customer_phone_number=number, sent_at=at)
    form = factories.make_form(company, form_data={"phone": number}, submitted_at=at)
    ids = [row.resource_id for row in (call, text, form)]
    Event.objects.filter(subject_id__in=ids).update(created_at=at)
    mine = Delivery.objects.filter(event__subject_id__in=ids)
    mine.update(created_at=at, state="delivered", due_at=None, stage=0, finished_at=at, attempts=1)
    for row in mine:
        Attempt.objects.create(delivery=row, number=1, outcome="delivered", started_at=at, url="https://example.com/")
    return call, text, form


def left(company):
    """How many rows of each kind there are."""
    models: dict[str, Any] = {
        "calls": Call,
        "texts": TextMessage,
        "forms": FormSubmission,
        "events": Event,
        "deliveries": Delivery,
    }
    return {name: model.objects.filter(company=company).count() for name, model in models.items()}


def run():
    return keeping.delete_expired(lambda: True)


@pytest.fixture
def company():
    made = factories.make_company()
    factories.make_subscription(made)
    return made


def test_each_kind_has_days_of_its_own(company):
    other = factories.make_company("Other")
    make_all(other, 50)
    for days in (1, 10, 50):
        make_all(company, days)
    before = left(company), left(other)
    assert run() == 0
    KeptDays.objects.create(company=company, calls=5, texts=20)
    KeptDays.objects.create(company=other)
    assert run() == 4  # two calls, a text, and its conversation
    assert left(company) == before[0] | {"calls": 1, "texts": 2}
    assert left(other) == before[1]
    assert run() == 0
    assert EventStream.objects.filter(company=company, kind="call").count() == 1


def test_the_log_of_a_company_is_kept_for_less(company):
    make_all(company, 50)
    make_all(company, 10)
    make_all(company, 1)
    held = Delivery.objects.filter(company=company).earliest("created_at", "pk")
    Delivery.objects.filter(pk=held.pk).update(state="held", reason="paused")
    KeptDays.objects.create(company=company, log=7)
    run()
    rows = Delivery.objects.filter(company=company, created_at__lt=days_ago(7))
    assert [row.pk for row in rows] == [held.pk]
    assert list(Event.objects.filter(company=company, created_at__lt=days_ago(7))) == [held.event]
    assert Delivery.objects.filter(company=company, created_at__gt=days_ago(7)).exists()
    assert Attempt.objects.filter(delivery__company=company).count() == Delivery.objects.filter(company=company).count()
    assert left(company)["calls"] == 3
    assert [one for one in integrity_check.check_integrity(seconds=None) if one.count] == []


def test_the_installation_is_the_maximum(company, settings):
    other = factories.make_company("Other")
    for one in (company, other):
        make_all(one, 10)
    KeptDays.objects.create(company=company, calls=700)
    settings.RETAIN_CONTACTS_DAYS = 5
    run()
    assert left(company) == left(other) | {"events": left(company)["events"], "deliveries": left(company)["deliveries"]}
    assert (left(company)["calls"], left(other)["forms"]) == (0, 0)


def test_people_of_whom_nothing_is_left_go_too(company):
    make_all(company, 50)
    make_all(company, 50, "+12145550182")
    make_all(company, 1, "+12145550182")
    recent = FormSubmission.objects.filter(person__phone="+12145550182", submitted_at__gt=days_ago(5))
    recent.delete()  # so that there is a call alone
    stop = {"customer_phone_number": "+12145550183", "content": "STOP"}
    wants_none = factories.make_text(company, sent_at=days_ago(50), **stop)
    wants_none.thread.refresh_from_db()
    assert wants_none.thread.opted_out
    KeptDays.objects.create(company=company, calls=5, texts=5, forms=5)
    run()
    assert set(Person.objects.values_list("phone", flat=True)) == {"+12145550182", "+12145550183"}
    assert Thread.objects.filter(opted_out=True).count() == 1


def test_it_is_a_part_of_the_hourly_retention(company, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 1)
    for _ in range(3):
        make_all(company, 50)
    KeptDays.objects.create(company=company, calls=5)
    assert retention.delete_expired()["rows of companies"] == 3


def test_companies_take_turns(monkeypatch):
    """A run that has no time left goes on with the next company, not with the first."""
    monkeypatch.setattr(keeping, "COMPANIES", 2)
    companies = [factories.make_company(f"Company {number}") for number in range(5)]
    for one in companies:
        KeptDays.objects.create(company=one, calls=5)
    seen: list[int] = []

    def delete(company, before, time_left):
        seen.append(company)
        return 0

    monkeypatch.setitem(keeping._DELETE, "calls", delete)
    ids = [one.pk for one in companies]
    for _ in range(3):
        keeping.delete_expired(iter([True] * 4 + [False] * 9).__next__)
    assert set(seen) == set(ids)
    assert seen[0] != seen[3]
    RetentionPlace.objects.update(reached=str(ids[2]))
    seen.clear()
    run()
    assert seen == [ids[3], ids[4], ids[0], ids[1], ids[2]]


def test_an_owner_chooses_within_what_the_service_keeps(company, settings):
    settings.RETAIN_CONTACTS_DAYS = 400
    client = login(factories.make_member(company, "owner"))
    address = "/admin/privacy/keptdays/add/"
    page = client.post(address, {"calls": "500", "log": "91", "texts": "1"}).content.decode()
    assert "400 days at most" in page
    assert "90 days at most" in page
    assert not KeptDays.objects.exists()
    assert client.post(address, {"calls": "300", "log": "10"}).status_code == 302
    assert KeptDays.objects.values().get() == {
        "company_id": company.pk, "calls": 300, "texts": None, "forms": None, "log": 10,
    }  # fmt: skip
    assert client.get(address).headers["Location"] == f"/admin/privacy/keptdays/{company.pk}/change/"
    assert "calls 300 days" in client.get("/admin/privacy/keptdays/").content.decode()
    assert login(factories.make_member(company, "admin")).get(address).status_code == 403
