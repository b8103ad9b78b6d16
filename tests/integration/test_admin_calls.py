"""Calls in the admin: what people say about a call, and what that tells the subscribers."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db.models.signals import pre_save
from django.urls import reverse
from django.utils import timezone

from calls.admin import forms as call_forms
from calls.models import Call, Tag
from subscriptions.events.stored_bodies import read_sent
from subscriptions.models import Delivery, Event
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.events import bodies_of, changes_of, types_of

# Real transactions: all changes of one are one event, and a test's own would make one of them all.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def call(company):
    """Its Post-Call was sent: from now on changes are told."""
    factories.make_subscription(company)
    return factories.ended_call(company, note="Rang twice.\nWants a date.\n", lead_status="")


def page(call: Call) -> str:
    return reverse("admin:calls_call_change", args=[call.pk])


def save(client, call: Call, **changes):
    """Open the page, change these fields, press the button."""
    form = filled_in(client.get(page(call)).content.decode())
    answer = client.post(page(call), {**form, **changes})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return answer


def test_a_note_and_a_tag_in_one_form_are_one_call_modified(client, company, call):
    tag = Tag.objects.create(company=company, name="New patient")
    save(client, call, note="Wants an appointment", tags=[tag.pk])
    assert types_of(call) == ["post_call", "call_modified"]
    assert changes_of(call) == [["tags", "note"]]
    body = bodies_of(call, "call_modified")[0]
    assert (body["note"], body["tags"]) == ("Wants an appointment", ["New patient"])


def test_a_form_saved_untouched_tells_nothing(client, call):
    save(client, call)
    assert types_of(call) == ["post_call"]


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("note", ["two\nlines", "two\r\nlines", "\n leading", "trailing \n", "emoji 👋\n\n"])
def test_a_browsers_line_ends_are_no_change(client, call, note):
    Call.objects.filter(pk=call.pk).update(note=note)
    events_before = Event.objects.count()
    save(client, call)
    call.refresh_from_db()
    assert call.note == note
    assert Event.objects.count() == events_before


def test_new_tags_are_made_and_put_on_in_the_same_change(client, company, call):
    known = Tag.objects.create(company=company, name="Emergency")
    save(client, call, new_tags=" emergency , New  patient,", value="125")
    assert {tag.name for tag in call.tags.all()} == {"Emergency", "New patient"}
    assert Tag.objects.filter(company=company).count() == 2
    assert known in call.tags.all()
    assert changes_of(call) == [["tags", "value"]]


def test_many_tags_are_not_all_offered(client, company, call, monkeypatch):
    """A request to the API makes a hundred thousand: the page took seconds for 15,000."""
    monkeypatch.setattr(call_forms, "MOST_TAGS_OFFERED", 3)
    tags = [Tag.objects.create(company=company, name=f"Tag {number}") for number in range(6)]
    call.tags.add(tags[5])
    shown = client.get(page(call)).content.decode()
    assert re.findall(r"Tag \d", shown) == ["Tag 0", "Tag 1", "Tag 2", "Tag 5"]
    assert "The first 3 tags." in shown
    client.post(page(call), {**filled_in(shown), "tags": [tags[0].pk, tags[5].pk], "new_tags": "tag 4"})
    assert {tag.name for tag in call.tags.all()} == {"Tag 0", "Tag 4", "Tag 5"}


def test_tags_taken_off_are_a_change(client, company, call):
    tag = Tag.objects.create(company=company, name="Emergency")
    call.tags.add(tag)
    form = filled_in(client.get(page(call)).content.decode())
    form.pop("tags")
    client.post(page(call), form)
    assert not call.tags.exists()
    assert changes_of(call)[-1] == ["tags"]


def test_a_lead_status_set_here_was_set_by_a_person(client, call):
    Call.objects.filter(pk=call.pk).update(lead_status="not_a_lead", lead_status_by="rule")
    save(client, call, lead_status="good_lead")
    call.refresh_from_db()
    assert call.lead_status_by == Call.ScoredBy.PERSON
    assert changes_of(call) == [["manual_score"]]


def test_another_change_leaves_a_rules_lead_status_a_rules(client, call):
    Call.objects.filter(pk=call.pk).update(lead_status_by="rule")
    save(client, call, note="Something else")
    call.refresh_from_db()
    assert call.lead_status_by == Call.ScoredBy.RULE


def test_what_came_in_while_the_form_was_open_is_kept(client, company, call):
    ours, theirs, old = (Tag.objects.create(company=company, name=name) for name in ("Ours", "Theirs", "Old"))
    call.tags.add(old)
    form = filled_in(client.get(page(call)).content.decode())
    call.note, call.value, call.transcription_text = "A program's note", 125, "Came later."
    call.save()
    call.tags.add(theirs)
    client.post(page(call), {**form, "lead_status": "good_lead", "tags": [old.pk, ours.pk]})
    call.refresh_from_db()
    assert (call.note, call.value, call.transcription_text) == ("A program's note", 125, "Came later.")
    assert {tag.name for tag in call.tags.all()} == {"Ours", "Theirs", "Old"}
    assert call.lead_status == "good_lead"


def test_what_comes_in_while_the_form_is_saved_is_kept(client, call):
    def transcribed(instance: Call, **_) -> None:
        Call.objects.filter(pk=instance.pk).update(transcription_text="Came at that moment.")

    pre_save.connect(transcribed, sender=Call)
    try:
        save(client, call, note="Wants an appointment")
    finally:
        pre_save.disconnect(transcribed, sender=Call)
    call.refresh_from_db()
    assert (call.note, call.transcription_text) == ("Wants an appointment", "Came at that moment.")


def test_the_phone_systems_facts_are_not_the_companys_to_change(client, call):
    form = filled_in(client.get(page(call)).content.decode())
    assert {name for name in form if not name.startswith("initial-")} == {"lead_status", "value", "new_tags", "note"}
    client.post(page(call), {**form, "customer_name": "Somebody", "duration": "999", "direction": "outbound"})
    call.refresh_from_db()
    assert (call.customer_name, call.duration, call.direction) == ("", None, "inbound")


def test_operators_can_correct_them(call):
    from django.contrib.auth.models import User

    client = login(User.objects.create_superuser("operator@example.com", password="x"))
    save(client, call, customer_name="Ann Example")
    call.refresh_from_db()
    assert call.customer_name == "Ann Example"


def test_what_programs_made_of_a_call_is_on_its_page(client, call):
    Call.objects.filter(pk=call.pk).update(
        call_summary="Wants a new roof.", sentiment="positive", lead_score="very good",
        lead_explanation="Has a budget.", call_highlights=["asked for a quote"],
        keywords_spotted=[{"keyword": "roof", "locations": []}], speaker_percent={"agent": 40, "customer": 60},
        keypad_entries=[{"name": "office", "value": "2"}], zip_code="30301", session_uuid="5f0c-session",
        custom="own-value", device_type="mobile", lead_status="good_lead", lead_status_by="rule",
    )  # fmt: skip
    shown = client.get(page(call)).content.decode()
    told = (
        "Wants a new roof.|positive|very good|Has a budget.|asked for a quote|roof|agent 40 %, customer 60 %|office: 2"
    )
    for words in f"{told}|30301|5f0c-session|own-value|mobile|A rule".split("|"):
        assert words in shown, words


def test_a_summary_that_an_operator_corrects_is_told_in_the_version_that_has_it(company, call):
    from django.contrib.auth.models import User

    factories.make_subscription(company, name="Live wire", payload_version="2026-05")
    client = login(User.objects.create_superuser("operator@example.com", password="x"))
    save(client, call, call_summary="Wants a new roof.", zip_code="30301")
    call.refresh_from_db()
    assert (call.call_summary, call.zip_code) == ("Wants a new roof.", "30301")
    (delivery,) = Delivery.objects.filter(event__type="call_modified")
    assert delivery.payload_version == "2026-05"
    assert json.loads(read_sent(delivery))["changes"] == ["call_summary"]


def test_a_viewer_reads_it_all_and_finds_no_button(company, call):
    shown = login(factories.make_member(company, "viewer")).get(page(call)).content.decode()
    assert "Rang twice." in shown
    assert 'name="_save"' not in shown
    assert 'name="note"' not in shown


def test_the_page_lists_the_webhooks_of_the_call(client, call):
    save(client, call, note="Wants an appointment")
    shown = client.get(page(call)).content.decode().partition('id="webhooks"')[2]
    assert shown.index("Call Modified") < shown.index("Post-Call")
    assert '<span class="quiet">note</span>' in shown
    assert "Waiting" in shown


def test_after_saving_one_is_back_on_the_page(client, call):
    assert save(client, call, note="x").headers["Location"] == page(call)


def test_a_call_can_be_brought_in_by_hand(client, company):
    tracker = factories.make_tracker(company)
    factories.make_subscription(company)
    add = reverse("admin:calls_call_add")
    form = filled_in(client.get(add).content.decode())
    assert "company" not in form
    answer = client.post(add, {**form, "tracker": tracker.pk, "customer_phone_number": "(214) 555-0123"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    call = Call.objects.get()
    assert (call.company, call.customer_phone_number) == (company, "+12145550123")
    assert types_of(call) == ["pre_call"]
    assert abs(call.start_time - timezone.now()) < timedelta(minutes=1)


def test_times_are_asked_and_told_in_the_companys_zone(client, company):
    tracker = factories.make_tracker(company)
    add = reverse("admin:calls_call_add")
    form = filled_in(client.get(add).content.decode())
    began = {"start_time_0": "2026-07-01", "start_time_1": "14:00:00"}
    client.post(add, {**form, "tracker": tracker.pk, **began})
    call = Call.objects.get()
    assert call.start_time.isoformat() == "2026-07-01T18:00:00+00:00"  # New York
    shown = client.get(reverse("admin:calls_call_changelist")).content.decode()
    assert "1 Jul 2026, 14:00:00" in shown
    assert "New York (E" in shown
    assert timezone.get_current_timezone_name() == "UTC"  # the next page of this process is somebody else's


def test_a_wrong_number_is_told_beside_the_field(client, company):
    add = reverse("admin:calls_call_add")
    form = filled_in(client.get(add).content.decode())
    answer = client.post(add, {**form, "tracker": factories.make_tracker(company).pk, "customer_phone_number": "12"})
    assert "Write it like +12145550123" in answer.content.decode()
    assert not Call.objects.exists()


def test_the_same_external_id_twice_is_told_not_raised(client, company, call):
    Call.objects.filter(pk=call.pk).update(external_source="pbx", external_id="7")
    add = reverse("admin:calls_call_add")
    form = filled_in(client.get(add).content.decode())
    answer = client.post(add, {**form, "tracker": call.tracker_id, "external_source": "pbx", "external_id": "7"})
    assert "There is a call with this source and id already." in answer.content.decode()


def test_the_list_is_found_by_number_and_exact_id(client, company, call):
    other = factories.ended_call(company, customer_phone_number="+12145550199", external_id="ext-7")
    url = reverse("admin:calls_call_changelist")

    def found(term: str) -> set[int]:
        return {row.pk for row in client.get(url, {"q": term}).context["cl"].result_list}

    assert found("214-555-0199") == found("+12145550199") == found("ext-7") == found(other.resource_id) == {other.pk}
    assert found(call.tracker.phone_number) == {call.pk}
    assert found("214") == found("nobody") == set()


def test_the_list_says_what_became_of_each_call(client, company):
    began = {"start_time": factories.START}
    ended = {**began, "ended_at": factories.START + timedelta(seconds=20)}
    factories.make_call(company, customer_name="Running", answered_at=factories.START, **began)
    factories.make_call(company, customer_name="Gone", abandoned=True, **ended)
    factories.make_call(company, customer_name="Spoke", voicemail=True, transcription_text="Call me.", **ended)
    factories.make_call(company, customer_name="", customer_phone_number="", **ended)
    shown = client.get(reverse("admin:calls_call_changelist")).content.decode()
    for words in ("In Progress", "Abandoned", "Voicemail", "Missed", "Number withheld"):
        assert words in shown, words


@pytest.mark.parametrize(("outcome", "name"), [("missed", "Missed"), ("abandoned", "Gone"), ("voicemail", "Spoke")])
def test_the_list_filters_by_outcome(client, company, outcome, name):
    ended = {"start_time": factories.START, "ended_at": factories.START + timedelta(seconds=20)}
    factories.make_call(company, customer_name="Missed", **ended)
    factories.make_call(company, customer_name="Gone", abandoned=True, **ended)
    factories.make_call(company, customer_name="Spoke", voicemail=True, **ended)
    rows = client.get(reverse("admin:calls_call_changelist"), {"outcome": outcome}).context["cl"].result_list
    assert [row.customer_name for row in rows] == [name]


def test_the_list_takes_the_same_queries_for_many_calls(client, company, django_assert_max_num_queries):
    url = reverse("admin:calls_call_changelist")
    tracker = factories.make_tracker(company)
    tag = Tag.objects.create(company=company, name="Emergency")
    for _ in range(12):
        factories.ended_call(company, tracker).tags.add(tag)
    with django_assert_max_num_queries(12):
        assert len(client.get(url).context["cl"].result_list) == 12


def test_the_timeline_address_leads_to_the_page(client, call):
    url = reverse("call-timeline", args=[call.resource_id])
    answer = client.get(url, follow=True)
    assert answer.redirect_chain[-1][0] == page(call)
    assert answer.status_code == 200


def test_a_deleted_tag_is_a_change_of_its_calls(client, company, call):
    tag = Tag.objects.create(company=company, name="Emergency")
    call.tags.add(tag)
    url = reverse("admin:calls_tag_delete", args=[tag.pk])
    assert "from every call that has it" in client.get(url).content.decode()
    client.post(url, {"post": "yes"})
    assert not Tag.objects.exists()
    assert changes_of(call)[-1] == ["tags"]
