"""A day's manifest lists what a subscription was to get: signed, in pages, chained to the one before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, time, timedelta

import pytest
from django.conf import settings
from django.db import connection

from docs.verify import reconcile
from docs.verify.verify import verify
from subscriptions.events.stored_bodies import read_sent
from subscriptions.feed.manifests import daily, making, telling
from subscriptions.maintenance import retention
from subscriptions.models import Delivery, Manifest, ManifestPage, ManifestProgress
from tests.prove import lies
from tests.support.api import program
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_form, make_subscription
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
MIDNIGHT = datetime.combine(TODAY, time(), tzinfo=UTC)


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def clock(monkeypatch):
    """The time of day at which manifests are looked at."""

    def at(hour, day=TODAY):
        monkeypatch.setattr(daily, "_now", lambda: datetime.combine(day, time(hour), tzinfo=UTC))

    at(12)
    return at


def happened(day, **values):
    """All deliveries so far that are of no day yet were made in the morning of this one."""
    then = datetime.combine(day, time(9), tzinfo=UTC)
    for number, delivery in enumerate(Delivery.objects.filter(created_at__gte=MIDNIGHT).order_by("pk")):
        Delivery.objects.filter(pk=delivery.pk).update(created_at=then + timedelta(seconds=number), **values)


def make_some():
    return daily.make_some(lambda: True)


def make_all():
    """Once no transaction is left that a look at the running ones took for one of this database: other tests' end at
    any moment."""
    made = make_some()
    while ManifestProgress.objects.filter(waits_for__isnull=False).exists():
        made += wait_until(make_some)
    return made


def read(company, subscription, day):
    """The document, the lines, and the answer."""
    api = program(company, ["read"])
    answer = api.get(address(subscription, day))
    assert answer.status_code == 200, answer.content
    document = json.loads(answer.content)
    pages = [api.get(f"{address(subscription, day)}pages/{n}/") for n in range(1, len(document["pages"]) + 1)]
    for page, said in zip(pages, document["pages"], strict=True):
        assert hashlib.sha256(page.content).hexdigest() == said["sha256"]
    return document, [json.loads(line) for page in pages for line in page.content.splitlines()], answer


def test_who_names_it_is_told_of_its_own_with_what_checks_it(company, clock, receiver):
    other = make_subscription(company, f"{receiver.url}/other", ["pre_call", "manifest.ready"], name="Other")
    told = make_subscription(company, receiver.url, ["pre_call", "manifest.ready"], name="Told")
    days = [TODAY - timedelta(days=2), YESTERDAY]
    for day in days:
        make_call(company)
        happened(day, state="delivered", due_at=None, stage=0)
        clock(12, day + timedelta(days=1))
        assert make_all() == 2
        drain_until(nothing_pending)
    assert [got.headers["Callhooks-Event"] for got in receiver.got] == ["manifest.ready"] * 4
    first, second = (json.loads(got.body) for got in receiver.got if not got.path.endswith("other"))
    assert (first["day"], first["number"], first["previous"]) == (days[0].isoformat(), 1, None)
    assert second["previous"] == {"day": first["day"], "sha256": first["sha256"]}
    assert (second["events"], second["outcomes"]) == (1, {"delivered": 1})
    document = program(company, ["read"]).get(second["url"].removeprefix(settings.PUBLIC_URL)).content
    assert hashlib.sha256(document).hexdigest() == second["sha256"]
    assert verify(document, second["signature"], company.signing_key, told.secret)
    theirs = Delivery.objects.filter(subscription=other, event__type="manifest.ready")
    assert {row.event.subject_id for row in theirs} == {other.resource_id}


def test_the_event_of_a_manifest_is_in_none_and_causes_none(company, clock):
    subscription = make_subscription(company, events=["pre_call", "manifest.ready"])
    make_call(company)
    happened(TODAY - timedelta(days=2))
    clock(12, YESTERDAY)
    assert make_all() == 1
    happened(YESTERDAY)
    clock(12)
    assert make_all() == 0
    assert [one.events for one in Manifest.objects.filter(subscription=subscription)] == [1]


def test_a_manifest_and_its_event_are_there_together_or_not_at_all(company, clock, monkeypatch):
    make_subscription(company, events=["pre_call", "manifest.ready"])
    make_call(company)
    happened(YESTERDAY)
    with monkeypatch.context() as killed:
        killed.setattr(telling, "tell", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make_all()
    assert bytes(Manifest.objects.get().document) == b""
    assert make_all() == 1
    assert Delivery.objects.filter(event__type="manifest.ready").count() == 1


def address(subscription, day):
    return f"/api/v1/subscriptions/{subscription.resource_id}/manifests/{day}/"


def test_it_lists_what_was_to_be_sent(company, clock):
    plain = make_subscription(company, events=["pre_call", "form_submission"])
    as_form = make_subscription(company, name="Form", encoding="form", payload_version="2026-05")
    make_subscription(company, name="Picky", conditions={"field": "direction", "in": ["outbound"]}, events=["pre_call"])
    make_call(company)
    make_form(company)
    happened(YESTERDAY)
    Delivery.objects.filter(subscription=as_form).update(state="delivered", due_at=None)
    make_call(company)  # today's
    assert make_all() == 2
    assert make_all() == 0
    for subscription, outcome in ((plain, "pending"), (as_form, "delivered")):
        document, lines, answer = read(company, subscription, YESTERDAY)
        sent = Delivery.objects.filter(subscription=subscription, created_at__lt=MIDNIGHT).order_by("pk")
        assert [(line[0], line[4]) for line in lines] == [
            (delivery.event.webhook_id, hashlib.sha256(read_sent(delivery)).hexdigest()) for delivery in sent
        ]
        assert [line[1:4:2] for line in lines] == [["pre_call", 1], ["form_submission", 1]]
        assert (document["events"], document["outcomes"], document["previous"]) == (2, {outcome: 2}, None)
        assert verify(answer.content, answer.headers, company.signing_key, subscription.secret)


def test_each_day_names_the_hash_of_the_one_before(company, clock, monkeypatch):
    monkeypatch.setattr(making, "EVENTS_PER_PAGE", 2)
    monkeypatch.setattr(making, "BATCH", 1)
    subscription = make_subscription(company, events=["pre_call"])
    days = [TODAY - timedelta(days=number) for number in (4, 2, 1)]  # nothing happened in between
    for day in days:
        for _ in range(3):
            make_call(company)
        happened(day)
        clock(12, day + timedelta(days=1))
        make_all()
    documents = [read(company, subscription, day)[0] for day in days]
    assert [len(document["pages"]) for document in documents] == [2, 2, 2]
    assert [document["number"] for document in documents] == [1, 2, 3]
    service = lies.service(program(company, ["read"]))
    listed = service.days(subscription.resource_id)
    assert listed == [day.isoformat() for day in days]
    assert len(list(service.chained(subscription.resource_id, listed, subscription.secret))) == 9
    changed = Manifest.objects.get(day=days[1])
    Manifest.objects.filter(pk=changed.pk).update(
        document=bytes(changed.document).replace(b'"events": 3', b'"events": 4')
    )
    with pytest.raises(reconcile.Untrue, match="does not follow"):
        list(service.chained(subscription.resource_id, listed, subscription.secret))
    with pytest.raises(reconcile.Untrue, match="signature"):
        list(service.chained(subscription.resource_id, listed, "whsec_AAAA"))
    ManifestPage.objects.filter(manifest__day=days[0], number=1).update(lines=bytes(ManifestPage.objects.last().lines))
    with pytest.raises(reconcile.Untrue, match="Page 1"):
        list(service.chained(subscription.resource_id, listed))


def test_it_waits_for_the_grace_and_for_transactions_that_still_run(company, clock):
    make_subscription(company, events=["pre_call"])
    make_call(company)
    happened(YESTERDAY)
    clock(2)
    assert make_some() == 0
    clock(4)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")
            assert make_some() == 0
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert make_all() == 1


def test_what_a_killed_process_left_is_made_anew(company, clock):
    subscription = make_subscription(company, events=["pre_call"])
    make_call(company)
    happened(YESTERDAY)
    left = Manifest.objects.create(company=company, subscription=subscription, day=YESTERDAY, number=1)
    ManifestPage.objects.create(manifest=left, number=1, lines=b"")
    assert program(company).get(address(subscription, YESTERDAY)).status_code == 404
    assert make_all() == 1
    assert len(read(company, subscription, YESTERDAY)[1]) == 1


def test_nobody_else_reads_it_and_it_expires(company, clock):
    subscription = make_subscription(company, events=["pre_call"])
    make_call(company)
    happened(YESTERDAY)
    make_all()
    other = program(make_company("Other"))
    for path in ("", f"{YESTERDAY}/", f"{YESTERDAY}/pages/1/"):
        assert other.get(f"/api/v1/subscriptions/{subscription.resource_id}/manifests/{path}").status_code == 404
    assert program(company).get(address(subscription, "2026-99-99")).status_code == 404
    Manifest.objects.update(day=TODAY - timedelta(days=91))
    assert retention.delete_expired()["manifests"] == 2  # with its page
