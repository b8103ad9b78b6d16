"""Contract 8: form submissions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calls.models import Tag
from forms_intake.models import FormSubmission
from tests.support.contract_client import check_envelope
from tests.support.contract_shapes import FORM, FORM_LISTED, FORM_SELECTABLE, check
from tests.support.factories import make_form

SENT = {
    "referrer": "google", "referring_url": "https://example.com/from", "landing_page_url": "https://example.com/land",
    "form_url": "https://example.com/contact",
    "form_data": {"name": "Ann Example", "phone": "+12145550123", "email": "ann@example.com", "zip": "78701"},
}  # fmt: skip


@pytest.fixture
def form(company):
    return make_form(
        company, form_url="https://example.com/contact", source="google_organic", medium="organic",
        form_data={"zip": "1", "name": "Ann Example", "phone": "214-555-0123", "email": "ann@example.com"},
        submitted_at=timezone.now() - timedelta(hours=2), note="Hello", value="3.50", lead_status="good_lead",
    )  # fmt: skip


def test_a_form(client, form):
    (listed,) = check_envelope("form_submissions", client.get("form_submissions"))
    check(FORM_LISTED, listed)
    assert list(listed["form_data"]) == ["zip", "name", "phone", "email"]
    assert (listed["customer_phone_number"], listed["formatted_customer_phone_number"]) == (
        "+12145550123", "214-555-0123",
    )  # fmt: skip
    assert (listed["customer_email"], listed["first_form"]) == ("ann@example.com", True)
    assert client.get(f"form_submissions/{form.resource_id}") == listed


def test_a_form_without_phone(client, company):
    make_form(company, form_data={"question": "When?"}, submitted_at=timezone.now())
    (listed,) = client.get("form_submissions")["form_submissions"]
    check(FORM_LISTED, listed)
    assert listed["customer_phone_number"] == ""


def test_selected_fields(client, form):
    (listed,) = client.get("form_submissions", fields=",".join(FORM_SELECTABLE))["form_submissions"]
    check({**FORM_LISTED, **FORM_SELECTABLE}, listed)
    assert (listed["note"], listed["value"], listed["lead_status"]) == ("Hello", 3.5, "good_lead")


def test_filters_and_order(client, company, form):
    other = make_form(
        company, form_data={"a": "b"}, form_url="https://example.com/a", submitted_at=timezone.now(), lead_status=""
    )
    other.tags.add(Tag.objects.create(company=company, name="hot"))
    first, second = form.resource_id, other.resource_id

    def ids(**params):
        return [row["id"] for row in client.get("form_submissions", **params)["form_submissions"]]

    assert ids() == [second, first]
    assert ids(lead_status="good_lead") == [first]
    assert ids(lead_status="not_scored") == [second]
    assert ids(lead_status="not_a_lead") == []
    assert ids(tags="hot") == ids(**{"tags[]": ["hot", "cold"]}) == [second]
    assert ids(person_lead="true") == [first]
    assert ids(sort="submitted_at", order="asc") == [first, second]
    assert ids(sort="form_url") == [second, first]
    assert ids(sort="form_url", order="desc") == [first, second]
    assert ids(sort="created_at") == [second, first]


def test_a_new_form(client):
    body = client.post("form_submissions", {"form_submission": {"company_id": client.company, **SENT}})
    check(FORM, body)
    assert body["form_data"] == SENT["form_data"]
    assert list(body["form_data"]) == list(SENT["form_data"])
    (listed,) = client.get("form_submissions")["form_submissions"]
    assert (listed["id"], listed["customer_phone_number"]) == (body["id"], "+12145550123")
    assert body["person_id"] in [lead["id"] for lead in client.get("leads")["leads"]]


def test_a_session_stands_for_where_somebody_came_from(client):
    sent = {
        "company_id": client.company,
        "form_url": "https://example.com/",
        "form_data": {"a": "b"},
        "session_id": "x",
    }
    check(FORM, client.post("form_submissions", {"form_submission": sent}))


BAD = [
        {}, {"form_submission": []}, {"form_submission": {}}, {"form_submission": {**SENT, "form_data": "x"}},
        {"form_submission": {**SENT, "form_data": []}}, {"form_submission": {**SENT, "form_url": 5}},
        {"form_submission": {**SENT, "company_id": "COM1"}}, {"form_submission": {**SENT, "form_data": None}},
        {"form_submission": {**SENT, "form_data": {"a": "\x00"}}}, {"form_submission": {**SENT, "referrer": {}}},
    ]  # fmt: skip


def test_what_is_no_form(client):
    for body in BAD:
        assert client.ask("POST", "form_submissions", body).status in (400, 404, 422)
        assert not FormSubmission.objects.exists()


def test_changes(client, form):
    place = f"form_submissions/{form.resource_id}"
    body = client.put(place, {"tags": ["hot"], "note": "Later", "value": "$5.00", "lead_status": "not_a_lead"})
    assert set(body) >= set(FORM)
    found = client.get(place, fields="tags,note,value,lead_status")
    assert [found[name] for name in ("tags", "note", "value", "lead_status")] == [["hot"], "Later", 5, "not_a_lead"]
    client.put(place, {"tags": ["cold"], "append_tags": True, "note": None})
    found = client.get(place, fields="tags,note,value,lead_status")
    assert (set(found["tags"]), found["note"], found["value"]) == ({"hot", "cold"}, None, 5)
    assert client.put(place, {"lead_status": "superb"}, 400)


def test_ignored_fields(client):
    answer = client.ask("POST", "form_submissions/ignored_fields", {"company_ids": ["all"], "field_names": ["ssn"]})
    assert answer.status in (200, 201, 403)


GROUPS: Any = [
        ("source", {"google_organic", "Google Organic"}), ("keywords", {None, ""}), ("campaign", {None, ""}),
        ("referrer", {None, ""}), ("landing_page", {None, ""}), ("company", {"Acme Dental"}), ("form_name", None),
    ]  # fmt: skip


def test_summary_groups(client, form):
    for group, expected in GROUPS:
        body = client.get("forms/summary", group_by=group)
        assert list(body) == ["start_date", "end_date", "time_zone", "total_results", "grouped_by", "grouped_results"]
        (row,) = body["grouped_results"]
        assert row["total_forms"] == body["total_results"]["total_forms"] == 1
        assert expected is None or row["key"] in expected


FILTERS: Any = [({"lead_status": "good_lead"}, 1), ({"lead_status": "not_a_lead"}, 0), ({"tags": "hot"}, 0),
     ({"form_URL": "https://example.com/contact"}, 1), ({"form_URL": "https://example.com/no"}, 0),
     ({"date_range": "yesterday", "time_zone": "Pacific/Kiritimati"}, None)]  # fmt: skip


def test_summary_filters(client, form):
    for params, count in FILTERS:
        totals = client.get("forms/summary", fields="total_forms,first_forms,leads", **params)["total_results"]
        assert set(totals) == {"total_forms", "first_forms", "leads"}
        assert count is None or totals["total_forms"] == count
