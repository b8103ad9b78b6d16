"""A field or a parameter that is not known is refused by name: a misspelt one would be lost in silence."""

from __future__ import annotations

import pytest

from calls.models import Call
from tests.support.api import program, ringing, wrong
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company)


def test_unknown_fields_are_named(api, company):
    body = ringing(make_tracker(company).phone_number, custmer_name="Ann", Note="x")
    response = api.post("/api/v1/calls/", body)
    assert wrong(response) == {"#/custmer_name": "Unknown field.", "#/Note": "Unknown field."}
    assert not Call.objects.exists()


@pytest.mark.parametrize("name", ["resource_id", "created_at", "updated_at", "call_type", "person_resource_id"])
def test_what_the_service_sets_cannot_be_set(api, company, name):
    call = make_call(company)
    assert wrong(api.patch(f"/api/v1/calls/{call.resource_id}/", {name: "x"})) == {
        f"#/{name}": "This field is read-only."
    }


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    "name",
    ["company", "company_id", "tracker", "tracker_id", "person", "id", "pk", "recording_access_key", "__class__",
     "save", "_state", "", "tags.name", "constructor"],
)  # fmt: skip
def test_what_only_the_inside_knows_is_unknown(api, company, name):
    call = make_call(company)
    errors = wrong(api.patch(f"/api/v1/calls/{call.resource_id}/", {name: 1}))
    assert list(errors.values()) == ["Unknown field."]


@pytest.mark.parametrize("address", ["texts/", "forms/", "trackers/", "tags/", "subscriptions/"])
def test_so_it_is_everywhere(api, address):
    assert wrong(api.post(f"/api/v1/{address}", {"surprise": 1}))["#/surprise"] == "Unknown field."


def test_actions_too(api, company):
    at = f"/api/v1/subscriptions/{make_subscription(company).resource_id}/"
    for verb in ("pause", "resume", "rotate"):
        assert wrong(api.post(f"{at}{verb}/", {"surprise": 1})).keys() == {"#/surprise"}
        assert wrong(api.post(f"{at}{verb}/", [1])).keys() == {"#"}


@pytest.mark.parametrize(
    "address",
    ["calls/", "texts/", "forms/", "trackers/", "tags/", "people/", "subscriptions/", "deliveries/", "events/"],
)
def test_parameters_too(api, address):
    errors = wrong(api.get(f"/api/v1/{address}?external=1&page=2"))
    assert errors.keys() == {"external", "page"}
    assert "Known parameters: " in errors["page"]
