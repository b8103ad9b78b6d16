"""What form builders' webhooks send becomes label → answer. The bodies are invented, in the documented shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forms_intake.web.parsed_form import ParsedForm, parse_object, parse_pairs
from subscriptions.intake.errors import Refused

MAIL, PHONE = "ann@example.com", "+12145550123"


def typeform() -> dict[str, Any]:
    def question(known: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"id": known, "title": title, "type": kind, "ref": f"ref-{known}", "properties": {}, **more}

    def answer(known: str, kind: str, value: Any) -> dict[str, Any]:
        return {"type": kind, kind: value, "field": {"id": known, "type": kind, "ref": f"ref-{known}"}}

    group = {"fields": [question("g1", "First name", "short_text"), question("g2", "Email", "email")]}
    return {
        "event_id": "LtWXD3crgy",
        "event_type": "form_response",
        "form_response": {
            "form_id": "lT4Z3j",
            "token": "a3a12ec67a1365927098a606107fac15",
            "submitted_at": "2026-03-02T14:05:00Z",
            "hidden": {"utm_source": "news", "utm_medium": "mail", "plan": "gold"},
            "calculated": {"score": 9},
            "definition": {
                "id": "lT4Z3j",
                "title": "Quote",
                "fields": [
                    question("a1", "What do you need?", "multiple_choice"),
                    question("a2", "Which rooms?", "multiple_choice"),
                    question("a3", "Your phone", "phone_number"),
                    question("a4", "Is it urgent?", "yes_no"),
                    question("a5", "How many windows?", "number"),
                    question("a6", "Deposit", "payment"),
                    question("a7", "Who are you?", "contact_info", properties=group),
                ],
            },
            "answers": [
                answer("a1", "choice", {"id": "c1", "label": "A roof", "ref": "r"}),
                answer("a2", "choices", {"ids": ["1", "2"], "labels": ["Kitchen", "Bath"], "other": "Shed"}),
                answer("a3", "phone_number", PHONE),
                answer("a4", "boolean", True),
                answer("a5", "number", 4),
                answer("a6", "payment", {"amount": "100.00", "last4": "1111", "name": "Ann Example"}),
                answer("g1", "text", "Ann"),
                answer("g2", "email", MAIL),
                answer("new", "text", "of a question that the definition does not know"),
            ],
        },
    }


def test_typeform():
    form = parse_object(typeform())
    assert form.fields == {
        "What do you need?": "A roof",
        "Which rooms?": "Kitchen, Bath, Shed",
        "Your phone": PHONE,
        "Is it urgent?": "true",
        "How many windows?": "4",
        "Deposit": "100.00",
        "First name": "Ann",
        "Email": MAIL,
        "ref-new": "of a question that the definition does not know",
        "plan": "gold",
        "score": "9",
        "form_name": "Quote",
    }
    assert (form.attribution["source"], form.attribution["utm_medium"]) == ("news", "mail")
    assert form.submitted_at == "2026-03-02T14:05:00+00:00"


def test_webflow():
    fields = {"First Name": "Ann", "Email": MAIL, "Phone Number": 12145550123, "Rooms": ["Kitchen", "Bath"]}
    payload = {
        "name": "Contact Us",
        "siteId": "65427cf400e02b306eaa049c",
        "data": fields,
        "schema": [{"fieldName": "First Name", "fieldType": "FormTextInput", "fieldElementId": "28504"}],
        "submittedAt": "2026-03-02T14:05:00.039Z",
        "id": "6321ca84df3949bfc6752327",
        "formId": "65429eadebe8a9f3a30f62d0",
        "pageUrl": "https://www.example.com/contact?utm_source=news",
    }
    form = parse_object({"triggerType": "form_submission", "payload": payload})
    kept = {"First Name": "Ann", "Email": MAIL, "Phone Number": "12145550123", "Rooms": "Kitchen, Bath"}
    assert form.fields == kept | {"form_name": "Contact Us"}
    assert form.attribution["form_url"] == payload["pageUrl"]
    assert form.attribution["source"] == "news"
    assert form.submitted_at.startswith("2026-03-02T14:05:00")
    older = {"name": "Contact Us", "site": "62749158efef", "data": fields, "d": "2026-03-02T14:05:00Z", "_id": "6321"}
    assert parse_object(older).fields == form.fields


def test_hubspot_submissions():
    rows = [
        {"objectTypeId": "0-1", "name": "firstname", "value": "Ann"},
        {"objectTypeId": "0-1", "name": "email", "value": MAIL},
        {"objectTypeId": "0-1", "name": "rooms", "value": "Kitchen"},
        {"objectTypeId": "0-1", "name": "rooms", "value": "Bath"},
    ]
    kept = {"firstname": "Ann", "email": MAIL, "rooms": "Kitchen, Bath"}
    page = "https://www.example.com/contact"
    sent = parse_object({"submittedAt": 1772460300000, "fields": rows, "context": {"hutk": "x", "pageUri": page}})
    assert (sent.fields, sent.attribution["form_url"]) == (kept, page)
    assert sent.submitted_at == "2026-03-02T14:05:00+00:00"
    listed = parse_object({"submittedAt": 1772460300000, "values": rows, "pageUrl": page})
    assert listed == sent


def test_hubspot_workflows():
    contact = {
        "vid": 33,
        "properties": {
            "firstname": {"value": "Ann", "versions": [{"value": "Ann", "source-type": "FORM"}]},
            "email": {"value": MAIL, "versions": []},
            "hs_analytics_source": {"value": "DIRECT_TRAFFIC", "versions": []},
        },
        "form-submissions": [
            {"conversion-id": "c-1", "timestamp": 1772460200000, "title": "Old", "page-url": "https://example.com/old"},
            {"conversion-id": "c-2", "timestamp": 1772460300000, "title": "New", "page-url": "https://example.com/new"},
        ],
    }
    form = parse_object(contact)
    assert form.fields == {"firstname": "Ann", "email": MAIL, "form_name": "New"}
    assert form.attribution["form_url"] == "https://example.com/new"
    assert parse_object({"objectId": 33, "properties": {"email": MAIL}}).fields == {"email": MAIL}


def gravity_entry() -> dict[str, Any]:
    return {
        "id": "123", "form_id": "4", "date_created": "2026-03-02 14:05:00", "ip": "203.0.113.7", "is_read": "0",
        "source_url": "https://www.example.com/contact", "user_agent": "Mozilla/5.0", "status": "active",
        "1.3": "Ann", "1.4": "", "1.6": "Example", "2": MAIL, "3": "(214) 555-0123", "4": "",
    }  # fmt: skip


def test_gravity_forms():
    form = parse_object(gravity_entry())
    assert form.fields == {"1.3": "Ann", "1.6": "Example", "2": MAIL, "3": "(214) 555-0123"}
    assert form.attribution["form_url"] == "https://www.example.com/contact"
    assert form.submitted_at == "2026-03-02T14:05:00+00:00"
    labels = [
        {"id": 1, "label": "Name", "inputs": [{"id": "1.3", "label": "First"}, {"id": "1.6", "label": "Last"}]},
        {"id": 2, "label": "Email", "inputs": None},
        {"id": 3, "label": "Phone"},
    ]
    both = parse_object({"form": {"title": "Quote", "fields": labels}, "entry": gravity_entry()})
    assert both.fields == {
        "Name First": "Ann",
        "Name Last": "Example",
        "Email": MAIL,
        "Phone": "(214) 555-0123",
        "form_name": "Quote",
    }


def jotform() -> dict[str, Any]:
    raw = {
        "slug": "submit/2410", "jsExecutionTracker": "x", "event_id": "17_2410", "submitDate": "17",
        "q3_fullName": {"first": "Ann", "last": "Example"}, "q4_email": MAIL,
        "q5_phoneNumber": {"full": "(214) 555-0123"},
        "q6_oldPhone": {"area": "214", "phone": "555-0123"}, "q7_date": {"month": "03", "day": "02", "year": "2026"},
        "q8_rooms": ["Kitchen", "Bath"], "q9_address": {"addr_line1": "1 Elm St", "addr_line2": "", "city": "Austin"},
    }  # fmt: skip
    return {
        "action": "", "webhookURL": "https://hooks.example.com/f/KEY", "username": "ann", "formID": "2410",
        "submissionID": "5308741572752112119", "formTitle": "Quote", "pretty": "Full Name:Ann Example", "type": "WEB",
        "rawRequest": json.dumps(raw),
    }  # fmt: skip


def test_jotform():
    kept = {
        "fullName": "Ann Example",
        "email": MAIL,
        "phoneNumber": "(214) 555-0123",
        "oldPhone": "214 555-0123",
        "date": "2026-03-02",
        "rooms": "Kitchen, Bath",
        "address": "1 Elm St, Austin",
        "form_name": "Quote",
    }
    form = parse_object(jotform())
    assert form.fields == kept
    assert parse_pairs((name, [value]) for name, value in jotform().items()) == form
    answers = {
        "1": {"name": "heading", "text": "Quote", "type": "control_head"},
        "3": {"name": "fullName", "text": "Full Name", "answer": {"first": "Ann", "last": "Example"}},
        "4": {"name": "email", "text": "E-mail", "answer": MAIL},
    }
    api = {"id": "530", "form_id": "2410", "created_at": "2026-03-02 14:05:00", "answers": answers}
    assert parse_object(api).fields == {"Full Name": "Ann Example", "E-mail": MAIL}


def test_elementor():
    def field(known: str, title: str, value: str) -> dict[str, Any]:
        return {"id": known, "type": "text", "title": title, "value": value, "raw_value": value, "required": "1"}

    body: dict[str, Any] = {
        "form": {"id": "3fa2b1c", "name": "Contact"},
        "fields": {"name": field("name", "Your name", "Ann"), "field_1": field("field_1", "", "Hello")},
        "meta": {
            "page_url": {"title": "Page URL", "value": "https://www.example.com/contact"},
            "remote_ip": {"title": "Remote IP", "value": "203.0.113.7"},
        },
    }
    form = parse_object(body)
    assert form.fields == {"Your name": "Ann", "field_1": "Hello", "form_name": "Contact"}
    assert form.attribution["form_url"] == "https://www.example.com/contact"
    pairs = [("form[id]", ["3fa2b1c"]), ("form[name]", ["Contact"])]
    pairs += [
        (f"fields[{known}][{key}]", [value]) for known, each in body["fields"].items() for key, value in each.items()
    ]
    pairs += [("meta[page_url][title]", ["Page URL"]), ("meta[page_url][value]", ["https://www.example.com/contact"])]
    assert parse_pairs(pairs) == form
    assert parse_object({"Your name": "Ann", "form_id": "3fa2b1c"}).fields == {"Your name": "Ann", "form_id": "3fa2b1c"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"a": {"b": {"c": 1}}, "d": [1, 2]}, {"a.b.c": "1", "d": "1, 2"}),
        ({"answers": [{"question": "Name", "answer": "Ann"}, {"question": "Rooms", "answer": ["a", "b"]}]},
         {"Name": "Ann", "Rooms": "a, b"}),
        ({"data": {"submissions": [{"label": "First name", "value": "Ann"}]}}, {"First name": "Ann"}),
        ({"field_data": [{"name": "email", "values": [MAIL]}]}, {"email": MAIL}),
        ([{"name": "email", "value": MAIL}, {"name": "phone", "value": PHONE}], {"email": MAIL, "phone": PHONE}),
        ({"q": [{"label": "Color", "value": {"label": "Red", "value": "r"}}]}, {"Color": "Red"}),
        ({"rooms": [{"label": "Room", "value": "a"}, {"label": "Room", "value": "b"}]}, {"Room": "a, b"}),
        ({"items": [{"sku": "A", "count": 2}, {"sku": "B", "count": 1}]},
         {"items.1.sku": "A", "items.1.count": "2", "items.2.sku": "B", "items.2.count": "1"}),
        # No question and answer: fields whose names look like it.
        ({"name": "Ann", "value": "5"}, {"name": "Ann", "value": "5"}),
        ({"lead": {"name": "Ann", "text": "Hi", "email": MAIL}},
         {"lead.name": "Ann", "lead.text": "Hi", "lead.email": MAIL}),
        ({"data": {"pass": "x", "pin": "1234", "card": {"number": "4"}, "name": "Ann"}}, {"data.name": "Ann", }),
        ({"fields": [{"label": "Password", "value": "hunter2"}, {"label": "Name", "value": "Ann"}]}, {"Name": "Ann"}),
    ],
    ids=["objects", "questions", "wix", "lead ads", "a bare list", "options", "one label twice", "rows", "flat",
         "a lead", "secrets", "secret labels"],
)  # fmt: skip
def test_other_nested_bodies_become_flat(body: Any, fields: dict[str, str]):
    assert parse_object(body).fields == fields


def test_what_is_nested_too_deep_is_refused():
    body: Any = 1
    for _ in range(20):
        body = {"a": body}
    with pytest.raises(Refused, match="more than 10 deep"):
        parse_object(body)


@pytest.mark.parametrize(
    "body",
    [
        {"form_response": "x", "a": 1},
        {"form_response": {"answers": "x", "hidden": {"a": 1}}},
        {"form_response": {"answers": [1, {"type": 5, "field": []}], "definition": [], "hidden": {"a": 1}}},
        {"triggerType": "form_submission", "payload": {"data": 5}},
        {"triggerType": "form_submission", "payload": {"data": {"a": {"b": [{"c": 1}]}}, "submittedAt": {}}},
        {"vid": 1, "properties": {"a": {"value": {"b": 1}}}, "form-submissions": [{"timestamp": "9" * 14}, 4]},
        {"id": None, "form_id": [], "1": "x", "date_created": "never"},
        {"rawRequest": "{", "formID": "1"},
        {"rawRequest": {"q1_a": {"first": ["x"], "year": 1}, "q2_b": {}}, "formID": {}},
        {"form_id": 1, "answers": {"1": "x", "2": {"answer": {"full": {"a": 1}}}}},
        {"form": {"id": []}, "fields": {"a": {"value": {"b": 1}, "title": 5}}, "meta": {"page_url": {"value": []}}},
        {"form[name]": "x", "fields[a]": "x", "fields[a][value]": "y"},
    ],
)
def test_a_body_that_only_looks_like_a_builders_is_no_error(body: Any):
    assert isinstance(parse_object(body), ParsedForm)


def test_a_second_delivery_has_the_same_id_and_another_submission_has_not():
    first, again = parse_object(typeform()), parse_object(typeform())
    assert first.submission_id == again.submission_id != ""
    other = gravity_entry()
    other["2"] = "bob@example.com"
    assert parse_object(gravity_entry()).submission_id != parse_object(other).submission_id
