"""external_source and external_id: what a program reports twice, or two programs at the same moment, is there once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from calls.models import Call, Tag
from tests.support.api import CUSTOMER, ago, happened, program, ringing, wrong
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db
KEY = {"external_source": "pbx", "external_id": "4711"}
MANY = 8


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def number(company):
    return make_tracker(company).phone_number


@pytest.fixture
def api(company):
    return program(company)


def at_once(company, address, bodies):
    """Sends each body with its own connection, all at the same moment; gives the answers."""
    clients = [program(company) for _ in bodies]
    gate = threading.Barrier(len(bodies))

    def send(client, body):
        try:
            connection.ensure_connection()
            gate.wait(timeout=120)
            return client.post(address, body)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, clients, bodies))


def test_a_call_that_is_reported_again_is_updated(api, number):
    first = api.post("/api/v1/calls/", ringing(number, **KEY, note="kept"))
    again = api.post("/api/v1/calls/", ringing(number, **KEY, routed_at=ago(minutes=4)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["resource_id"] == again.json()["resource_id"]
    assert again.json()["note"] == "kept"
    assert Call.objects.count() == 1
    assert happened(again.json()["resource_id"]) == ["pre_call", "call_routing_complete"]


def test_a_report_without_a_start_time_leaves_the_start_time(api, number):
    first = api.post("/api/v1/calls/", ringing(number, **KEY)).json()
    body = {"direction": "inbound", "tracking_phone_number": number, **KEY}
    assert api.post("/api/v1/calls/", body).json()["start_time"] == first["start_time"]


def test_the_same_id_of_two_systems_is_two_calls(api, number):
    for source in ("pbx", "crm"):
        assert api.post("/api/v1/calls/", ringing(number, **KEY | {"external_source": source})).status_code == 201


def test_an_id_needs_its_source(api, number):
    text = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": CUSTOMER, "content": "x"}
    for address, body in (("calls", ringing(number)), ("texts", text), ("forms", {"form_data": {}})):
        errors = wrong(api.post(f"/api/v1/{address}/", body | {"external_id": "1"}))
        assert errors.keys() == {"#/external_source"}


def test_a_call_cannot_take_the_key_of_another(api, number):
    api.post("/api/v1/calls/", ringing(number, **KEY))
    other = api.post("/api/v1/calls/", ringing(number)).json()["resource_id"]
    assert wrong(api.patch(f"/api/v1/calls/{other}/", KEY | {"note": "x"})).keys() == {"#/external_id"}
    assert Call.objects.get(resource_id=other).note == ""
    assert api.patch(f"/api/v1/calls/{other}/", KEY | {"external_id": "4712"}).status_code == 200


def test_a_text_and_a_form_that_come_again_stay_as_they_were(api, number):
    text = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": CUSTOMER, "content": "a"}
    for address, body, other in (
        ("texts", text, {"content": "b"}),
        ("forms", {"form_data": {"name": "Ann"}}, {"form_data": {"name": "Bob"}}),
    ):
        first = api.post(f"/api/v1/{address}/", body | KEY)
        again = api.post(f"/api/v1/{address}/", body | KEY | other)
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert len(happened(first.json()["resource_id"])) == 1
        assert len(api.get(f"/api/v1/{address}/").json()["results"]) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_customer", [True, False])
def test_calls_reported_at_the_same_moment_are_one_call(company, number, same_customer):
    customers = [f"+1214555012{0 if same_customer else turn}" for turn in range(MANY)]
    bodies = [
        ringing(number, **KEY, tags=["Roof", f"Tag {turn}"], customer_phone_number=customer)
        for turn, customer in enumerate(customers)
    ]
    answers = at_once(company, "/api/v1/calls/", bodies)
    assert sorted(answer.status_code for answer in answers) == [200] * (MANY - 1) + [201]
    call = Call.objects.get()
    assert {answer.json()["resource_id"] for answer in answers} == {call.resource_id}
    assert happened(call.resource_id) == ["pre_call"]
    assert call.tags.count() == 2
    assert Tag.objects.count() == MANY + 1


@pytest.mark.django_db(transaction=True)
def test_texts_and_forms_reported_at_the_same_moment_are_one(company, number):
    text = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": CUSTOMER, "content": "a"}
    form = {"form_data": {"name": "Ann", "phone": CUSTOMER}}
    for address, body in (("texts", text), ("forms", form)):
        answers = at_once(company, f"/api/v1/{address}/", [body | KEY] * MANY)
        assert sorted(answer.status_code for answer in answers) == [200] * (MANY - 1) + [201]
        (resource_id,) = {answer.json()["resource_id"] for answer in answers}
        assert len(happened(resource_id)) == 1


@pytest.mark.django_db(transaction=True)
def test_new_tags_named_at_the_same_moment_are_one_tag(company, number):
    names = [["b", "a", "C"], ["A", "c", "B"]] * 4
    # Of different customers: the calls of one would wait for each other anyway.
    bodies = [ringing(number, tags=tags, customer_phone_number=f"+1214555012{turn}") for turn, tags in enumerate(names)]
    answers = at_once(company, "/api/v1/calls/", bodies)
    assert [answer.status_code for answer in answers] == [201] * MANY
    assert Tag.objects.count() == 3
    answers = at_once(company, "/api/v1/tags/", [{"name": "d"}, {"name": "D"}] * 4)
    assert sorted(answer.status_code for answer in answers) == [200] * (MANY - 1) + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.django_db(transaction=True)
def test_programs_that_change_different_fields_do_not_undo_each_other(company, api, number):
    call = api.post("/api/v1/calls/", ringing(number)).json()["resource_id"]
    fields = [{"note": "n"}, {"value": "1.00"}, {"customer_name": "Ann"}, {"tags": ["Roof"]}, {"spam": True},
              {"routed_at": ago(minutes=4)}, {"campaign": "c"}, {"custom": "x"}]  # fmt: skip
    clients = [program(company) for _ in fields]

    def send(client, body):
        try:
            return client.patch(f"/api/v1/calls/{call}/", body).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        assert list(pool.map(send, clients, fields)) == [200] * MANY
    shown = api.get(f"/api/v1/calls/{call}/").json()
    assert (shown["note"], shown["value"], shown["customer_name"], shown["tags"]) == ("n", "1.00", "Ann", ["Roof"])
    assert (shown["spam"], shown["campaign"], shown["custom"]) == (True, "c", "x")
    assert happened(call) == ["pre_call", "call_routing_complete"]
