"""A dry run says what a filter would have done with the last days' events, and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from calls.models import Call
from subscriptions.events.conditions import refusal
from subscriptions.models import AuditEntry, Delivery, Event, Subscription
from subscriptions.past import dry_run, judging, reading
from subscriptions.past.judging import Wish
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.api import program

pytestmark = pytest.mark.django_db
ADD = reverse("admin:subscriptions_subscription_add")
LONG = {"field": "duration", "min": 60}


@pytest.fixture
def company():
    return factories.make_company(recording_expected=False, transcription_expected=False)


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def wish(company, *events, **more):
    return Wish(company.pk, events or ("post_call",), **more)


def page(row):
    return reverse("admin:subscriptions_subscription_change", args=[row.pk])


def test_it_says_the_same_as_publishing(company):
    """The filter that is tried on the events is the one that judged them."""
    conditions = {"all": [LONG, {"not": {"field": "source", "in": ["Radio"]}}]}
    subscription = factories.make_subscription(company, events=["post_call"], conditions=conditions)
    for fields in ({"duration": 70}, {"duration": 5}, {"duration": 90, "source": "Radio"}, {}):
        factories.ended_call(company, **fields)
    found = dry_run.run(Wish.of(subscription))
    said = {one.event.id: one.reason for one in [*found.going, *found.staying]}
    rows = Delivery.objects.values_list("event_id", "state", "reason")
    assert said == {event: reason.removeprefix("Filtered out: ") for event, _, reason in rows}
    assert (found.counts.would_go, found.counts.filtered_out, found.counts.judged) == (1, 3, 4)


def test_the_judging_is_that_of_publishing(company, monkeypatch):
    factories.ended_call(company)
    asked = []

    def noted(*given):
        asked.append(given)
        return refusal(*given)

    monkeypatch.setattr(judging, "refusal", noted)
    dry_run.run(wish(company, conditions=LONG))
    assert [facts["duration"] for _, facts in asked] == [13]


def test_events_are_judged_as_they_were(company):
    call = factories.ended_call(company, duration=70)
    Call.objects.filter(pk=call.pk).update(duration=5)
    assert dry_run.run(wish(company, conditions=LONG)).counts.would_go == 1


def test_the_direction_is_asked_of_those_that_have_one(company):
    factories.ended_call(company, direction="outbound")
    factories.ended_call(company)
    found = dry_run.run(wish(company, "pre_call", "post_call", call_direction="inbound"))
    assert [one.reason for one in found.staying] == ["Direction inbound was wanted; it was outbound."]


def test_what_can_no_longer_be_told_is_neither_sent_nor_left_out(company):
    text = factories.make_text(company)
    factories.make_text(company)
    type(text).objects.filter(pk=text.pk).delete()
    asked = {"field": "source", "in": ["Radio"]}
    found = dry_run.run(wish(company, "text_message_received", conditions=asked))
    assert (found.counts.would_go, found.counts.filtered_out, found.counts.not_known) == (0, 1, 1)
    assert "Its source can no longer be told." in [one.reason for one in found.staying]


def test_it_looks_at_seven_days_of_this_company(company):
    factories.ended_call(factories.make_company("Other"))
    factories.ended_call(company)
    factories.ended_call(company)
    old = Event.objects.filter(company=company, type="post_call").first()
    Event.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=7, minutes=1))
    found = dry_run.run(wish(company))
    assert found.counts.total == found.counts.judged == 1


def test_of_many_the_newest_are_judged_and_all_are_counted(company, monkeypatch):
    for _ in range(5):
        factories.ended_call(company)
    monkeypatch.setattr(dry_run, "MOST_JUDGED", 3)
    found = dry_run.run(wish(company, "post_call", "pre_call"))
    assert (found.counts.judged, found.counts.total, found.counts.at_least) == (3, 5, False)
    newest = Event.objects.filter(type="post_call").order_by("-created_at").values_list("id", flat=True)[:3]
    assert [one.event.id for one in found.going] == list(newest)
    monkeypatch.setattr(reading, "MOST_COUNTED", 4)
    found = dry_run.run(wish(company))
    assert (found.counts.total, found.counts.at_least) == (4, True)


def test_large_bodies_end_it_earlier(company, monkeypatch):
    for _ in range(3):
        factories.ended_call(company, transcription_text="word " * 1000)
    monkeypatch.setattr(reading, "MOST_BYTES", 6000)
    found = dry_run.run(wish(company, conditions=LONG))
    assert (found.counts.judged, found.counts.total) == (1, 3)


# --- in the admin -----------------------------------------------------------------------------------------------------
def tried(client, address, **changes):
    form = filled_in(client.get(address).content.decode())
    return client.post(address, {**form, **changes, "_try": "1"})


def test_a_new_one_is_tried_before_it_is_saved(client, company):
    call = factories.ended_call(company, customer_name="Ann Example")
    answer = tried(client, ADD, name="", url="nonsense", events=["post_call"], only_duration_min="60")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Of 1 event of the last 7 days, 0 would have been sent and 1 left out." in shown
    assert "Duration at least 60 was wanted; it was 13." in shown
    assert reverse("admin:calls_call_timeline", args=[call.resource_id]) in shown
    assert filled_in(shown)["url"] == ["nonsense"]
    assert filled_in(shown)["only_duration_min"] == ["60"]
    assert "errorlist" not in shown
    assert not Subscription.objects.exists()
    assert not AuditEntry.objects.exists()


def test_one_that_is_there_is_tried_and_stays(client, company):
    subscription = factories.make_subscription(company, "http://127.0.0.1:9999/hooks", ["post_call"])
    factories.ended_call(company)
    shown = tried(client, page(subscription), name="Other", only_outcome=["missed"]).content.decode()
    assert "Outcome missed was wanted; it was answered." in shown
    subscription.refresh_from_db()
    assert (subscription.name, subscription.conditions) == ("CRM", None)
    assert "All calls." in shown  # its page still says what is stored
    form = filled_in(shown)
    assert form["name"] == ["Other"]
    answer = client.post(page(subscription), {**form, "_save": "Save"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    subscription.refresh_from_db()
    assert subscription.conditions == {"all": [{"field": "outcome", "in": ["missed"]}]}


def test_what_is_wrong_with_the_filter_is_told(client):
    shown = tried(client, ADD, events=[], only_duration_min="9", only_duration_max="5").content.decode()
    assert "Choose at least one event." in shown
    assert "Tried on" not in shown
    shown = tried(client, ADD, events=["post_call"], only_duration_min="9", only_duration_max="5").content.decode()
    assert "max is less than min" in shown
    assert "Tried on" not in shown


def test_nothing_to_try_it_on(client):
    assert "There was no event of these types" in tried(client, ADD, events=["post_call"]).content.decode()


def test_a_viewer_does_not_try(company):
    subscription = factories.make_subscription(company)
    viewer = login(factories.make_member(company, "viewer"))
    assert "_try" not in viewer.get(page(subscription)).content.decode()
    assert viewer.post(page(subscription), {"_try": "1"}).status_code == 403


def test_one_of_a_company_at_a_time(client, company):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [dry_run.LOCK, company.pk])
        shown = tried(client, ADD, events=["post_call"]).content.decode()
        assert "Another count or dry run of this company is not done yet." in shown
        asked = {"events": ["post_call"]}
        answer = program(company, ["read", "manage"]).post("/api/v1/subscriptions/dry-run/", asked, format="json")
        assert answer.status_code == 409
        dry_run.run(wish(factories.make_company("Other")))  # nor does anybody else wait
    finally:
        other.close()


# --- in the API -------------------------------------------------------------------------------------------------------
def test_a_program_tries_one(company):
    factories.ended_call(company, duration=70)
    factories.ended_call(company)
    asked = {"events": ["post_call", "form_submission"], "conditions": LONG}
    answer = program(company, ["read", "manage"]).post("/api/v1/subscriptions/dry-run/", asked, format="json")
    assert answer.status_code == 200, answer.data
    assert [answer.data[name] for name in ("total", "judged", "would_go", "filtered_out", "not_known")] == [
        2,
        2,
        1,
        1,
        0,
    ]
    assert [(one["event"], one["would_go"]) for one in answer.data["types"]] == [
        ("post_call", 1),
        ("form_submission", 0),
    ]
    (staying,) = answer.data["staying"]
    assert (staying["outcome"], staying["reason"]) == ("filtered_out", "Duration at least 60 was wanted; it was 13.")
    assert staying["id"] == Event.objects.order_by("-created_at").first().webhook_id
    assert not Subscription.objects.exists()


def test_a_key_that_may_not_read_learns_nothing(company):
    client = program(company, ["manage"])
    answer = client.post("/api/v1/subscriptions/dry-run/", {"events": ["post_call"]}, format="json")
    assert answer.status_code == 403


def test_the_companys_default_is_what_is_tried_where_nothing_is_said(company):
    company.default_conditions = LONG
    company.save()
    factories.ended_call(company)
    client = program(company, ["read", "manage"])
    said = {"events": ["post_call"]}

    def ask(**more):
        return client.post("/api/v1/subscriptions/dry-run/", {**said, **more}, format="json").data

    assert ask()["filtered_out"] == 1
    assert ask(conditions={"all": []})["would_go"] == 1
    assert "has no 'TRKnone'" in str(ask(conditions={"field": "tracker", "in": ["TRKnone"]}))
