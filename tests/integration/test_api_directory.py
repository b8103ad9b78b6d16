"""Tracking numbers, tags and people."""

from __future__ import annotations

import pytest

from calls.models import Tag, Tracker
from tests.support.api import program, ringing, wrong
from tests.support.factories import make_call, make_company, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read", "ingest"])


def test_a_tracking_number_is_made_and_takes_calls(api):
    body = {
        "phone_number": "(404) 555-0100",
        "name": "Website",
        "source": "organic",
        "destination_number": "2145550100",
    }
    response = api.post("/api/v1/trackers/", body)
    assert response.status_code == 201
    shown = api.get(response["Location"]).json()
    assert (shown["phone_number"], shown["destination_number"], shown["active"]) == (
        "+14045550100",
        "+12145550100",
        True,
    )
    assert api.post("/api/v1/calls/", ringing("404-555-0100")).json()["tracker_resource_id"] == shown["resource_id"]


def test_a_tracking_number_is_changed(api, company):
    tracker = make_tracker(company)
    address = f"/api/v1/trackers/{tracker.resource_id}/"
    assert api.patch(address, {"name": "Radio", "active": False}).json()["name"] == "Radio"
    tracker.refresh_from_db()
    assert (tracker.name, tracker.active) == ("Radio", False)
    assert [each["name"] for each in api.get("/api/v1/trackers/?active=false").json()["results"]] == ["Radio"]


def test_a_tracking_number_is_there_once(api, company):
    first, second = make_tracker(company), make_tracker(company)
    taken = {"phone_number": first.phone_number, "name": "Again"}
    assert wrong(api.post("/api/v1/trackers/", taken)).keys() == {"#/phone_number"}
    assert wrong(api.patch(f"/api/v1/trackers/{second.resource_id}/", taken)).keys() == {"#/phone_number"}
    assert Tracker.objects.count() == 2


def test_a_tracking_number_needs_a_number_and_a_name(api):
    assert wrong(api.post("/api/v1/trackers/", {})).keys() == {"#/phone_number", "#/name"}
    bad = {"phone_number": "", "name": " ", "destination_number": "12", "active": "yes"}
    assert wrong(api.post("/api/v1/trackers/", bad)).keys() == {f"#/{name}" for name in bad}


def test_a_tag_is_made_once_whatever_its_case(api, company):
    first = api.post("/api/v1/tags/", {"name": "Roof", "color": "red1"})
    again = api.post("/api/v1/tags/", {"name": "ROOF"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == api.get(first["Location"]).json()
    assert Tag.objects.get() == company.tags.get()
    assert wrong(api.post("/api/v1/tags/", {"name": "x", "level": "galaxy"})).keys() == {"#/level"}


def test_people_come_by_their_calls(api, company):
    person = make_call(company).person
    make_call(company, customer_phone_number="+12145550124")
    (found,) = api.get("/api/v1/people/?phone=(214)%20555-0123").json()["results"]
    assert found["resource_id"] == person.resource_id
    assert found["phone"] == "+12145550123"
    assert api.get(f"/api/v1/people/{person.resource_id}/").json() == found
