"""The OpenAPI document is the code's, valid and current; the reference page brings nothing from elsewhere."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from subscriptions.events import catalogue
from tests.support.api import PROBLEM, program, rung
from tests.support.factories import make_company, make_tracker

RENEW = "./dev spectacular --format openapi-json --file docs/openapi.json"


@pytest.fixture(scope="module")
def document():
    response = Client().get("/api/v1/schema/")
    assert response.status_code == 200, response.content
    return json.loads(response.content)


def test_the_committed_document_is_current(document):
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert json.loads(json.dumps(made, default=str)) == document, f"Renew it: {RENEW}"


def test_it_is_valid_openapi_3_1_with_every_webhook(document):
    from drf_spectacular.validation import validate_schema

    validate_schema(document)
    assert document["openapi"].startswith("3.1")
    names = {event_type.name for event_type in catalogue.all_types()}
    assert set(document["webhooks"]) == names | {f"{name}_2026_05" for name in names}
    for webhook in document["webhooks"].values():
        Draft202012Validator.check_schema(webhook["post"]["requestBody"]["content"]["application/json"]["schema"])


@pytest.mark.django_db
def test_every_address_is_described(document):
    """What the root lists is in the document, and nothing else is."""
    api = program(make_company(), ["read"])
    roots = {re.sub(r"^.*/api/v1/", "/api/v1/", address) for address in api.get("/api/v1/").json().values()}
    assert roots == {path for path in document["paths"] if path.count("/") == 4}


@pytest.mark.django_db
def test_answers_are_what_the_document_says(document):
    company = make_company()
    api = program(company)
    call = rung(api, make_tracker(company).phone_number)
    for path, address in (
        ("/api/v1/calls/{resource_id}/", f"/api/v1/calls/{call}/"),
        ("/api/v1/calls/", "/api/v1/calls/"),
        ("/api/v1/events/", "/api/v1/events/"),
        ("/api/v1/event-types/", "/api/v1/event-types/"),
        ("/api/v1/trackers/", "/api/v1/trackers/"),
        ("/api/v1/people/", "/api/v1/people/"),
        ("/api/v1/deliveries/", "/api/v1/deliveries/"),
    ):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = api.get(address)
        assert answer.status_code == 200
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())


def test_the_page_to_try_requests_keeps_to_the_strict_policy():
    page = Client().get("/api/v1/docs/try/")
    assert page.status_code == 200
    html = page.content.decode()
    assert re.findall(r"<style|style=|<script>|onload", html) == []
    assert [address for address in re.findall(r'(?:src|href)="([^"]+)"', html) if not address.startswith("/")] == []
    assert "unsafe" not in page["Content-Security-Policy"]
    script = Client().get("/api/v1/docs/try/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()


def test_what_django_itself_refuses_is_a_problem_for_programs():
    for address in ("/api/", "/api/v2/calls/"):
        answer = Client().get(address)
        assert (answer.status_code, answer["Content-Type"], answer.json()["status"]) == (404, PROBLEM, 404)
    answer = Client().get("/api/v1/calls/", headers={"host": "elsewhere.example.net"})
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert not Client().get("/nowhere")["Content-Type"].startswith("application")


@pytest.mark.django_db
def test_a_key_has_no_address_but_its_own():
    assert program(make_company(), ["read"]).get(f"/api/v1/key/CAL{'0' * 32}/").status_code == 404


@pytest.mark.django_db
def test_each_event_type_has_a_schema_and_an_example_that_fits():
    types = program(make_company(), ["read"]).get("/api/v1/event-types/").json()["results"]
    assert {each["name"] for each in types} == {event_type.name for event_type in catalogue.all_types()}
    for each in types:
        assert each["example"]
        Draft202012Validator(each["schema"]).validate(each["example"])
