"""Forms told to the API: what was filled in, without what must not be kept."""

from __future__ import annotations

import pytest

from forms_intake.models import FormSubmission
from tests.support.api import ago, happened, program, wrong
from tests.support.factories import make_company

pytestmark = pytest.mark.django_db
WHOLE = {
    "form_data": {"name": "Ann Example", "email": "ann@example.com", "phone": "(214) 555-0123"},
    "form_url": "https://example.com/contact",
    "landing_page_url": "https://example.com/?utm_source=newsletter",
    "referrer": "newsletter",
    "referring_url": "https://mail.example.com/",
    "source": "newsletter",
    "medium": "email",
    "campaign": "Spring",
    "keywords": "roof",
    "utm_source": "a",
    "utm_medium": "b",
    "utm_campaign": "c",
    "external_source": "site",
    "external_id": "9",
}


@pytest.fixture
def api():
    return program(make_company(), ["read", "ingest"])


def test_a_form_is_one_event_and_kept_whole(api):
    response = api.post("/api/v1/forms/", WHOLE | {"submitted_at": ago(minutes=1)})
    assert response.status_code == 201
    shown = api.get(response["Location"]).json()
    assert shown == response.json()
    assert {name: shown[name] for name in WHOLE} == WHOLE
    assert happened(shown["resource_id"]) == ["form_submission"]
    person = api.get(f"/api/v1/people/{shown['person_resource_id']}/").json()
    assert (person["phone"], person["email"]) == ("+12145550123", "ann@example.com")


def test_passwords_and_card_numbers_are_not_kept(api):
    data = {"name": "Ann", "password": "hunter2", "note": "4111 1111 1111 1111", "cardNumber": "1"}
    shown = api.post("/api/v1/forms/", {"form_data": data}).json()
    assert shown["form_data"] == {"name": "Ann"}


def test_boxes_and_numbers_become_texts(api):
    data = {"rooms": 3, "news": True, "services": ["roof", "gutter"], "empty": None}
    shown = api.post("/api/v1/forms/", {"form_data": data}).json()
    assert shown["form_data"] == {"rooms": "3", "news": "true", "services": "roof, gutter", "empty": ""}
    assert shown["person_resource_id"] is None


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (None, "#/form_data"),
        ([], "#/form_data"),
        ("name=Ann", "#/form_data"),
        ({"a": {"b": "c"}}, "#/form_data/a"),
        ({"a/b~c": [["d"]]}, "#/form_data/a~1b~0c"),
        ({"a": [{"b": 1}]}, "#/form_data/a"),
        ({"n" * 201: "x"}, "#/form_data/" + "n" * 201),
        ({"ü": "x" * 20_001}, "#/form_data/%C3%BC"),
        ({"a": ["x" * 11_000] * 2}, "#/form_data/a"),
        ({str(number): "" for number in range(501)}, "#/form_data"),
    ],
)
def test_what_is_no_flat_object_is_refused(api, data, place):
    assert wrong(api.post("/api/v1/forms/", {"form_data": data})).keys() == {place}
    assert not FormSubmission.objects.exists()


def test_a_form_says_something(api):
    assert wrong(api.post("/api/v1/forms/", {"source": "x"})).keys() == {"#/form_data"}
