"""Each resource: as a list, as one object, and changed. The client holds every answer against the OpenAPI document."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calls.models import Call, Tag
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import Event
from tests.support.factories import ended_call, make_company, make_form, make_member, make_text, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
DEFAULT_FIELDS = """
answered business_phone_number customer_city customer_country customer_name customer_phone_number customer_state
direction duration id recording recording_duration recording_player start_time tracking_phone_number voicemail
""".split()


@pytest.fixture
def company():
    return make_company(time_zone="America/Chicago")


@pytest.fixture
def client(company):
    return Vendor(company)


def recent(company, **fields: Any) -> Call:
    return ended_call(company, start_time=timezone.now() - timedelta(hours=1), **fields)


def test_accounts(company, client):
    (account,) = client.get("/v3/a.json")["accounts"]
    assert account == {
        "id": client.account,
        "name": "Acme Dental",
        "outbound_recording_enabled": True,
        "hipaa_account": False,
    }
    assert client.get("/v3/a")["total_records"] == 1
    assert client.get("/v3/a.json", hipaa_account="true")["accounts"] == []
    number = client.get(f"/v3/a/{client.account}.json", fields="numeric_id")["numeric_id"]
    assert 100_000_000 < number < 1_000_000_000
    assert client.get(f"/v3/a/{number}.json")["id"] == client.account
    assert client.get(f"/api/v3//a/{client.account}/calls")["calls"] == []


def test_a_call(company, client):
    call = recent(company, customer_name="Ann Example", customer_city="Dallas", value="12.50", source="google_paid")
    call.tags.add(Tag.objects.create(company=company, name="Roof"))
    shown = client.get(f"calls/{call.resource_id}.json")
    assert list(shown) == DEFAULT_FIELDS
    assert client.get("calls.json")["calls"] == [shown]
    assert client.get(f"calls/{call.pk}")["id"] == call.resource_id
    assert (shown["answered"], shown["duration"], shown["recording_duration"]) == (True, 13, "13")
    assert shown["recording"].endswith(f"/v3/a/{client.account}/calls/{call.resource_id}/recording.json")
    assert shown["start_time"].endswith(("-06:00", "-05:00"))
    assert shown["customer_state"] is None
    assert client.get(f"calls/{call.resource_id}/recording.json")["url"].startswith("http")
    assert client.get(f"calls/{call.resource_id}/page_views.json")["page_views"] == []
    known = "tags,value,source,lead_status,first_call,tracker_id,company_id,person_id,call_type,transcription"
    fields = f"{known},utma,id,x"
    more = client.get(f"calls/{call.resource_id}.json", fields=fields)
    assert set(more) - set(shown) == set(known.split(","))
    assert (more["tags"], more["value"], more["source"]) == (["Roof"], 12.5, "Google Paid")
    assert (more["first_call"], more["lead_status"], more["call_type"]) == (True, None, "answered")
    assert client.get("calls.json", fields=fields)["calls"] == [more]


def test_every_selectable_field_of_a_call(company, client):
    from callhooks_site.vendor_api.call_fields import SHAPE

    call = recent(company)
    every = ",".join(SHAPE.fields)
    assert list(client.get(f"calls/{call.resource_id}.json", fields=every)) == list(SHAPE.fields)
    (listed,) = client.get("calls.json", fields=every)["calls"]
    assert listed["formatted_customer_phone_number"] == "214-555-0123"


def test_what_is_known_about_a_lead_is_shown_where_it_is_asked_for(company, client):
    told = {
        "call_summary": "A leak. Wants a visit.",
        "lead_explanation": "Asked for a date.",
        "lead_score": "very good",
        "sentiment": "positive",
        "session_uuid": "0198c0de-0000-7000-8000-00000000abcd",
    }
    fields = ",".join([*told, "zip_code"])
    known, unknown = recent(company, zip_code="15074", **told), recent(company)
    answers = [client.get(f"calls/{call.resource_id}.json", fields=fields) for call in (known, unknown)]
    for answer, expected in zip(
        answers, ({**told, "zip_code": ["15074"]}, {**dict.fromkeys(told), "zip_code": []}), strict=True
    ):
        assert {name: answer[name] for name in expected} == expected
    listed = client.get("calls.json", fields=fields)["calls"]
    assert sorted(listed, key=lambda each: each["id"]) == sorted(answers, key=lambda each: each["id"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cleaned_by_deleting")
def test_a_call_is_changed(company, client):
    call = recent(company)
    path = f"calls/{call.resource_id}.json"
    client.put(path, {"tags": ["Roof", "New"], "note": "Call back", "value": "$1,200.00", "customer_name": "Ann"})
    client.put(path, {"tags": ["More"], "append_tags": True, "lead_status": "good_lead"})
    call.refresh_from_db()
    assert sorted(tag.name for tag in call.tags.all()) == ["More", "New", "Roof"]
    assert (call.note, str(call.value), call.customer_name) == ("Call back", "1200.00", "Ann")
    assert (call.lead_status, call.lead_status_by) == ("good_lead", "person")
    assert Event.objects.filter(type="call_modified").count() == 2
    client.put(path, {"tags": [], "note": None, "value": "", "lead_status": None})
    call.refresh_from_db()
    assert (call.tags.count(), call.note, call.value, call.lead_status) == (0, "", None, "")
    for wrong in ({"value": "a lot"}, {"lead_status": "hot"}, {"tags": [1]}, {"spam": False}, {"note": 1}):
        client.put(path, wrong, code=400)


def test_spam_is_not_there(company, client):
    call = recent(company)
    client.send("put", f"calls/{call.resource_id}.json", {"spam": True})
    assert client.get("calls.json")["calls"] == []
    client.get(f"calls/{call.resource_id}.json", code=404)


def test_a_good_lead_is_marked_once(company, client):
    tracker = make_tracker(company)
    first = recent(company, tracker=tracker, lead_status="good_lead")
    second = recent(company, tracker=tracker)
    assert second.person_id == first.person_id
    path = f"calls/{second.resource_id}.json"
    assert client.get(path, fields="lead_status")["lead_status"] == "previously_marked_good_lead"
    client.put(path, {"lead_status": "good_lead"}, code=400)


def test_companies(company, client):
    (shown,) = client.get("companies.json")["companies"]
    assert shown == client.get(f"companies/{company.resource_id}.json") == client.get(f"companies/{company.pk}")
    assert (shown["status"], shown["time_zone"], shown["script_url"]) == ("active", "America/Chicago", None)
    assert shown["created_at"].endswith("Z")
    changed = client.put(f"companies/{company.pk}.json", {"name": "New", "time_zone": "America/Denver", "x": 1})
    assert (changed["name"], changed["time_zone"]) == ("New", "America/Denver")
    client.put(f"companies/{company.pk}.json", {"time_zone": "Mars"}, code=400)
    assert client.get("companies.json", search="nothing")["companies"] == []
    assert client.told("delete", f"companies/{company.pk}.json", None, 400) == (
        "You must have at least one active company."
    )
    assert company.audit_entries.get().detail == ""


def test_trackers(company, client):
    tracker = make_tracker(company, name="Ads", source="google_paid", destination_number="+12145550199")
    (shown,) = client.get("trackers.json", company_id=company.resource_id)["trackers"]
    assert shown == client.get(f"trackers/{tracker.resource_id}.json")
    assert shown["source"] == {"type": "search", "search_engine": "google", "search_type": "paid"}
    assert shown["tracking_numbers"] == [tracker.phone_number]
    assert shown["call_flow"]["destination_number"] == "+12145550199"
    path = f"trackers/{tracker.resource_id}.json"
    changed = client.put(path, {"name": "New", "call_flow": {"destination_number": "(214) 555-0188"}})
    assert (changed["name"], changed["destination_number"]) == ("New", "+12145550188")
    client.told("delete", path, None, 204)
    assert client.get("trackers.json", status="disabled")["trackers"][0]["status"] == "disabled"
    assert client.get("trackers.json", status="active")["trackers"] == []
    client.post("trackers.json", {"name": "x"}, code=403)
    assert [entry.act for entry in company.audit_entries.order_by("pk")] == ["Changed", "Disabled"]


def test_tags(company, client):
    made = client.post("tags.json", {"name": "Roof", "company_id": company.resource_id, "color": "blue1"})
    assert (made["status"], made["color"], made["tag_level"]) == ("enabled", "blue1", "company")
    call = recent(company)
    client.put(f"calls/{call.resource_id}.json", {"tags": ["roof"]})
    client.put(f"tags/{made['id']}.json", {"name": "Roofs", "disabled": True})
    assert client.get(f"calls/{call.resource_id}.json", fields="tags")["tags"] == ["Roofs"]
    assert client.get(f"tags/{made['id']}.json")["status"] == "disabled"
    assert client.get("tags.json", status="enabled")["tags"] == []
    assert client.post("tags.json", {"name": "x", "company_id": company.pk, "color": "mauve"}, code=400) == (
        "Color is not included in the list"
    )
    client.post("tags.json", {"name": "ROOFS", "company_id": company.pk}, code=400)
    client.post("tags.json", {"name": "x"}, code=400)
    assert client.post("tags.json", {"name": "All", "tag_level": "account"})["company_id"] is None
    client.get("tags.json", tag_level="account", company_id=company.pk, code=400)
    client.told("delete", f"tags/{made['id']}.json", None, 204)
    assert client.get(f"calls/{call.resource_id}.json", fields="tags")["tags"] == []
    assert client.put("tags/999999999.json", {"name": "x"}, code=403)


def test_forms(company, client):
    form = make_form(company, source="Google Organic")
    (shown,) = client.get("form_submissions.json")["form_submissions"]
    assert shown == client.get(f"form_submissions/{form.resource_id}.json")
    assert client.get(f"form_submissions/{form.resource_id.replace('FRM', 'FOR')}")["id"] == form.resource_id
    assert (shown["customer_email"], shown["customer_phone_number"]) == ("ann@example.com", "")
    assert (shown["first_form"], shown["customer_name"]) == (True, "Ann Example")
    path = f"form_submissions/{form.resource_id}.json"
    client.put(path, {"tags": ["Roof"], "note": "x", "value": "1.00", "lead_status": "good_lead"})
    more = client.get("form_submissions.json", fields="tags,note,value,lead_status", lead_status="good_lead")
    assert [more["form_submissions"][0][name] for name in ("tags", "note", "value", "lead_status")] == [
        ["Roof"], "x", 1, "good_lead"
    ]  # fmt: skip
    assert client.get("form_submissions.json", tags="other")["form_submissions"] == []
    given = {
        "company_id": company.resource_id, "form_url": "https://example.com/", "form_data": {"Phone": "214-555-0123"},
        "referrer": "google", "referring_url": "https://example.com/x", "landing_page_url": "https://example.com/",
    }  # fmt: skip
    made = client.post("form_submissions.json", {"form_submission": given})
    assert FormSubmission.objects.get(resource_id=made["id"]).person.phone == "+12145550123"
    assert Event.objects.filter(type="form_submission").count() == 2
    summary = client.get("forms/summary.json", group_by="source", fields="total_forms,first_forms,leads")
    assert summary["total_results"] == {"total_forms": 2, "first_forms": 2, "leads": 1}
    assert {each["key"]: each["leads"] for each in summary["grouped_results"]} == {"Google Organic": 1, None: 0}
    client.post("form_submissions.json", {"form_submission": {**given, "form_data": {"a": {"b": 1}}}}, code=400)
    client.post("form_submissions/ignored_fields.json", {"field_names": ["x"]}, code=403)


def test_texts(company, client):
    tracker = make_tracker(company)
    for number in range(3):
        make_text(company, tracker, content=f"Text {number}", sent_at=timezone.now() - timedelta(minutes=9 - number))
    answer = make_text(
        company, tracker, direction=TextMessage.Direction.OUTBOUND, content="Yes", media_urls=["https://example.com/1"]
    )
    (shown,) = client.get("text-messages.json")["conversations"]
    assert [message["content"] for message in shown["recent_messages"]] == ["Yes", "Text 2"]
    assert shown["recent_messages"][0]["direction"] == "outgoing"
    assert shown["last_message_at"].endswith("Z")
    one = client.get(f"text-messages/{shown['id']}.json", per_page=3)
    assert [message["content"] for message in one["messages"]] == ["Yes", "Text 2", "Text 1"]
    assert (one["total_records"], one["total_pages"], one["messages"][0]["type"]) == (4, 2, "MMS")
    assert client.put(f"text-messages/{shown['id']}.json", {"state": "archived"})["state"] == "archived"
    assert client.get("text-messages.json", search="(214) 555-0123")["total_records"] == 1
    assert client.get("text-messages.json", search="nobody")["total_records"] == 0
    client.post("text-messages.json", {"content": "x"}, code=403)

    (thread,) = client.get("sms-threads.json", fields="last_message_at")["sms_threads"]
    assert thread["id"] == answer.thread.resource_id
    path = f"sms-threads/{thread['id']}.json"
    changed = client.put(path, {"notes": "x", "value": "$5.00", "tags": ["Roof"], "lead_qualification": "good_lead"})
    assert [changed[name] for name in ("notes", "value", "tags", "lead_qualification")] == [
        "x", 5, ["Roof"], "good_lead"
    ]  # fmt: skip
    assert client.get("sms-threads.json", search="roof")["total_records"] == 1
    assert client.get(path, with_msg_errors="true")["messages"][0]["error"] is None


def test_users(company, client):
    user = make_member(company, "viewer", "ann@example.com")
    (shown,) = client.get("users.json")["users"]
    assert (shown["email"], shown["role"]) == ("ann@example.com", "reporting")
    assert client.get(f"users/{shown['id']}.json") == shown == client.get(f"users/{user.pk}.json")
    assert client.get("users.json", search="nobody")["users"] == []
    client.post("users.json", {"email": "x@example.com"}, code=403)


def test_leads_and_their_timeline(company, client):
    tracker = make_tracker(company)
    call = recent(company, tracker=tracker, source="Google Ads")
    text = make_text(company, tracker)
    form = make_form(company, form_data={"phone": "214-555-0123", "email": "ann@example.com"})
    (lead,) = client.get("leads.json")["leads"]
    assert (lead["phone"], lead["email"]) == ("+12145550123", "ann@example.com")
    assert client.get("leads.json", fields="id,name")["leads"] == [{"id": lead["id"], "name": None}]
    shown = client.get(f"leads/{lead['id']}/timeline.json")
    assert {event["id"] for event in shown["timeline"]} == {call.resource_id, text.resource_id, form.resource_id}
    assert shown["timeline"][-1]["id"] == call.resource_id
    assert (shown["lead"]["total_interactions"], shown["lead"]["first_touch"]["source"]) == (3, "Google Ads")
    pages = [
        client.get(f"leads/{lead['id']}/timeline.json", per_page=1, page=page)["timeline"][0] for page in (1, 2, 3)
    ]
    assert pages == shown["timeline"]
    (first,) = client.get(f"leads/{lead['id']}/timeline.json", order="asc", fields="duration", per_page=1)["timeline"]
    assert first.keys() == {"type", "id", "event_date", "duration"}


@pytest.mark.parametrize("name", ["caller_ids", "message-flows", "notifications", "summary_emails"])
def test_what_no_company_has(client, name):
    words = "You do not have permission to perform the requested action"
    assert client.get(f"{name}.json", code=403) == words
    assert client.post(name, {}, code=403) == words
    assert client.get(f"{name}/1.json", code=403) == words
    assert client.post("calls.json", {}, code=403) == words
