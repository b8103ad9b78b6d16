"""What people see of the feed: its consumers and how far they are, and the manifests of a subscription by day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from subscriptions.admin import feed_consumers
from subscriptions.feed import consumers
from subscriptions.feed.cursors import BEGINNING, Cursor
from subscriptions.feed.manifests import making
from subscriptions.models import (
    AuditEntry,
    Delivery,
    Event,
    FeedConsumer,
    FeedStart,
    Manifest,
    Subscription,
)
from tests.support.admin import login
from tests.support.factories import make_call, make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db
LIST = "/admin/subscriptions/feedconsumer/"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def subscription() -> Subscription:
    return make_subscription(make_company(), events=["pre_call"])


def read_up_to(consumer: FeedConsumer, number: int) -> None:
    events = Event.objects.filter(company=consumer.company_id).order_by("position", "id")
    event = events[number - 1]
    consumers.acknowledge(consumer, Cursor(event.position, event.pk))


def shown(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def test_it_shows_how_far_each_consumer_is(subscription, monkeypatch):
    company = subscription.company
    for _ in range(3):
        make_call(company)
    crm = FeedConsumer.objects.create(company=company, name="crm", subscription=subscription, types=["pre_call"])
    client = login(make_member(company, "viewer"))
    page = reverse("admin:subscriptions_feedconsumer_change", args=[crm.pk])
    for html in (shown(client, LIST), shown(client, page)):
        assert "What “CRM” gets: Pre-Call" in html
        assert "Nothing taken yet" in html
        assert "3 events" in html
        assert "Never" in html
    read_up_to(crm, 2)
    html = shown(client, page)
    assert "1 event<" in html
    assert "Behind" in html
    assert "Never" not in html
    read_up_to(crm, 3)
    assert "Up to date" in shown(client, page)
    consumers.move(crm, BEGINNING)
    monkeypatch.setattr(feed_consumers, "MOST_IN_LIST", 2)
    assert "more than 2 events" in shown(client, LIST)


def test_it_says_that_events_were_deleted_before_they_were_read(subscription):
    make_call(subscription.company)
    crm = FeedConsumer.objects.create(company=subscription.company, name="crm")
    read_up_to(crm, 1)
    crm.refresh_from_db()
    FeedStart.objects.create(company=subscription.company, deleted_to=crm.position)
    assert "Missed events" in shown(login(make_member(subscription.company)), LIST)


def test_only_who_may_write_removes_one_and_it_stands_in_the_audit_log(subscription):
    crm = FeedConsumer.objects.create(company=subscription.company, name="crm")
    url = reverse("admin:subscriptions_feedconsumer_delete", args=[crm.pk])
    viewer = login(make_member(subscription.company, "viewer", "viewer@example.com"))
    assert viewer.post(url, {"post": "yes"}).status_code == 403
    admin = login(make_member(subscription.company, "admin"))
    assert "is refused until it adds itself again" in shown(admin, url)
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert not FeedConsumer.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.company) == ("Removed", subscription.company)


def make_days(subscription: Subscription, ago: tuple[int, ...]) -> list[Manifest]:
    made = []
    for days in ago:
        make_call(subscription.company)
        newest = Delivery.objects.order_by("pk").last()
        assert newest is not None
        then = datetime.combine(TODAY - timedelta(days=days), time(9), tzinfo=UTC)
        Delivery.objects.filter(pk=newest.pk).update(created_at=then)
        manifest = making.make(subscription, then.date())
        assert manifest is not None
        made.append(manifest)
    return made


def test_a_subscription_has_its_manifests_by_day(subscription):
    client = login(make_member(subscription.company, "viewer"))
    url = reverse("admin:subscriptions_subscription_manifests", args=[subscription.pk])
    assert "No manifests yet" in shown(client, url)
    first, second, third = make_days(subscription, (4, 2, 1))
    assert url in shown(client, reverse("admin:subscriptions_subscription_change", args=[subscription.pk]))
    html = shown(client, url)
    assert (html.count(">Sound<"), html.count(">The first<"), html.count("1 on its way")) == (2, 1, 3)
    assert "nobody can change a day later" in html
    answer = client.get(f"{url}{third.day}/")
    assert answer.content == bytes(third.document)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="manifest-crm-{third.day}.json"'
    events: Any = client.get(f"{url}{third.day}/events/")
    lines = b"".join(events.streaming_content).splitlines()
    assert [json.loads(line)[1] for line in lines] == ["pre_call"]
    assert client.get(f"{url}{TODAY}/").status_code == 404
    assert client.get(f"{url}yesterday/").status_code == 404
    Manifest.objects.filter(pk=first.pk).delete()
    html = shown(client, url)
    assert (html.count(">Sound<"), html.count(">The one before has expired<")) == (1, 1)
    Manifest.objects.filter(pk=second.pk).update(
        document=bytes(second.document).replace(b'"pending": 1', b'"delivered": 1')
    )
    html = shown(client, url)
    assert html.count(">Broken<") == 1  # the one that follows what was changed
    assert "The chain is broken at" in html


def test_what_says_itself_something_else_is_broken(subscription):
    make_days(subscription, (1,))
    Manifest.objects.update(events=2)
    client = login(make_member(subscription.company))
    url = reverse("admin:subscriptions_subscription_manifests", args=[subscription.pk])
    assert ">Broken<" in shown(client, url)
    Manifest.objects.update(document=b"nonsense")
    assert ">Broken<" in shown(client, url)


def test_older_days_are_on_further_pages(subscription, monkeypatch):
    monkeypatch.setattr("subscriptions.admin.manifests.DAYS", 2)
    first, second, _ = make_days(subscription, (3, 2, 1))
    client = login(make_member(subscription.company))
    url = reverse("admin:subscriptions_subscription_manifests", args=[subscription.pk])
    html = shown(client, url)
    assert f"?before={second.day}" in html
    assert html.count(">Sound<") == 2  # the older one was looked at
    assert f"{first.day}/events/" in shown(client, f"{url}?before={second.day}")
    assert client.get(f"{url}?before=x").status_code == 404


def test_a_consumer_is_heard_of_when_it_reads(subscription):
    crm = FeedConsumer.objects.create(company=subscription.company, name="crm")
    consumers.note_heard(crm)
    crm.refresh_from_db()
    first = crm.heard_at
    assert first is not None
    consumers.note_heard(crm)
    crm.refresh_from_db()
    assert crm.heard_at == first  # not each time
    FeedConsumer.objects.update(heard_at=timezone.now() - timedelta(minutes=2))
    crm.refresh_from_db()
    consumers.note_heard(crm)
    crm.refresh_from_db()
    assert crm.heard_at is not None
    assert crm.heard_at > first
