"""People and tags: found again, made, changed; a number or an address belongs to one person."""

from __future__ import annotations

import pytest

from calls.models import Person, Tag
from subscriptions.models import Company
from tests.support.api import program, wrong
from tests.support.factories import make_company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company()


def test_a_person_is_made_once_and_found_again(company):
    api = program(company)
    first = api.post("/api/v1/people/", {"phone": "(214) 555-0123", "email": "Ann@Example.com", "name": "Ann"})
    again = api.post("/api/v1/people/", {"email": "ann@example.com", "name": "Somebody else"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (first.json()["phone"], first.json()["email"]) == ("+12145550123", "ann@example.com")
    assert first["Location"].endswith(f"/people/{first.json()['resource_id']}/")


def test_a_person_is_changed(company):
    api = program(company)
    path = f"/api/v1/people/{api.post('/api/v1/people/', {'phone': '+12145550123'}).json()['resource_id']}/"
    assert api.patch(path, {"name": "Ann", "city": "Dallas", "email": "ann@example.com"}).json()["name"] == "Ann"
    assert "must keep a phone number" in wrong(api.patch(path, {"phone": "", "email": ""}))["#/phone"]


def test_what_is_another_persons_is_refused(company):
    api = program(company)
    api.post("/api/v1/people/", {"phone": "+12145550123"})
    path = f"/api/v1/people/{api.post('/api/v1/people/', {'email': 'bo@example.com'}).json()['resource_id']}/"
    assert "another person" in wrong(api.patch(path, {"phone": "+12145550123"}))["#/phone"]
    assert Person.objects.count() == 2


@pytest.mark.parametrize("body", [{}, {"name": "Ann"}, {"email": "nonsense"}, {"phone": "12"}])
def test_what_finds_nobody_is_told(company, body):
    wrong(program(company).post("/api/v1/people/", body))
    assert not Person.objects.exists()


def test_a_tag_is_renamed_unless_the_name_is_taken(company):
    api = program(company)
    roof, door = (api.post("/api/v1/tags/", {"name": name}).json()["id"] for name in ("Roof", "Door"))
    assert api.patch(f"/api/v1/tags/{roof}/", {"name": "Roofs", "color": "red1"}).json()["name"] == "Roofs"
    assert "already" in wrong(api.patch(f"/api/v1/tags/{door}/", {"name": "roofs"}))["#/name"]
    assert set(Tag.objects.values_list("name", flat=True)) == {"Roofs", "Door"}


def test_another_companys_are_not_there(company):
    api, other = program(company), program(make_company("Other"))
    person = api.post("/api/v1/people/", {"phone": "+12145550123"}).json()["resource_id"]
    tag = api.post("/api/v1/tags/", {"name": "Roof"}).json()["id"]
    assert other.patch(f"/api/v1/people/{person}/", {"name": "X"}).status_code == 404
    assert other.patch(f"/api/v1/tags/{tag}/", {"name": "X"}).status_code == 404
