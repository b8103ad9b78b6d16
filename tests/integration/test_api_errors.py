"""Every error has one shape, and says what to do."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from calls.models import Call
from tests.support.api import PROBLEM, program, ringing, wrong
from tests.support.factories import make_call, make_company, make_key, make_tracker
from tests.support.faults import refused_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company)


def raw(api, body, content_type="application/json", address="/api/v1/calls/"):
    return api.post(address, body, content_type=content_type)


def said(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert (body["type"], body["status"]) == ("about:blank", status)
    assert body["title"]
    return body["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "line 1, column 2"),
        (b'{"a": 1,}', "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": NaN}', "not finite"),
        (b'{"a": -Infinity}', "not finite"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too large"),
        (b'{"a": "\xff"}', "not valid UTF-8 at byte 7"),
        ('{"a": "ü"}'.encode("utf-16"), "not valid UTF-8"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'"\x01"', "not valid JSON"),
    ],
)
def test_a_body_that_is_no_json(api, body, words):
    assert words in said(raw(api, body), 400)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"note": "a\\u0000b"}', "#/note"),
        (b'{"note": "\\ud800"}', "#/note"),
        (b'{"note": "\\udc00\\ud800"}', "#/note"),
        (b'{"\\ud800": 1}', "#"),
        (b'{"waveforms": ["ok", {"x": "\\u0000"}]}', "#/waveforms/1/x"),
        (b'{"milestones": {"first_touch": {"\\u0000": 1}}}', "#/milestones/first_touch"),
        (b'{"duration": 1e400}', "#/duration"),
        (b'{"duration": 99999999999999999999}', "#/duration"),
        (b'{"waveforms": [-1e308]}', "#/waveforms/0"),
        (b'{"waveforms": ' + b"[" * 30 + b"]" * 30 + b"}", "#/waveforms"),
        (b"[]", "#"),
        (b"null", "#"),
        (b'"x"', "#"),
        (b"5", "#"),
    ],
)
def test_json_that_cannot_be_kept(api, body, place):
    assert wrong(raw(api, body)).keys() == {place}


def test_an_empty_body_lacks_what_is_needed(api):
    for body in (b"", b"{}"):
        assert wrong(raw(api, body)).keys() == {"#/direction", "#/tracking_phone_number"}


def test_a_body_that_is_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert "1,000 bytes" in said(raw(api, json.dumps({"note": "x" * 1_000}).encode()), 413)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/json", "x"],
)
def test_a_body_of_another_type(api, content_type):
    assert "Content-Type: application/json" in said(raw(api, b"{}", content_type), 415)


def test_the_type_of_json_may_be_written_in_any_way(api):
    for content_type in ("application/json; charset=utf-8", "Application/JSON"):
        assert raw(api, b"{}", content_type).status_code == 400


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", ""])
def test_whatever_is_accepted_the_answer_is_json(api, accept):
    response = api.get("/api/v1/calls/", HTTP_ACCEPT=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "address",
    ["nowhere/", "calls/CAL0/", "calls/CAL" + "0" * 32 + "/", "calls/%00/", "calls/1;--/", "events/evt_0/", "tags/x/",
     "deliveries/99999999999999999999999/", "deliveries/999999999999999999/", "events/evt_" + "f" * 32 + "/", "tags/0/",
     "calls/" + "A" * 5_000 + "/", "calls/%ED%A0%80/"],
)  # fmt: skip
def test_an_address_that_is_none(api, address):
    for method in (api.get, api.patch):
        response = method(f"/api/v1/{address}")
        if response.status_code != 405:
            said(response, 404)


def test_a_forgotten_slash_is_named_and_nothing_is_lost_in_a_redirect(api, company):
    body = ringing(make_tracker(company).phone_number)
    assert "end with a slash" in said(api.post("/api/v1/calls", body), 404)
    assert not Call.objects.exists()


def test_a_method_that_is_not_there(api, company):
    call = make_call(company)
    for response, allowed in (
        (api.put(f"/api/v1/calls/{call.resource_id}/", {}), "GET, PATCH"),
        (api.delete("/api/v1/calls/"), "GET, POST"),
        (api.post("/api/v1/events/", {}), "GET"),
        (api.options("/api/v1/calls/"), "GET, POST"),
    ):
        assert "not allowed" in said(response, 405)
        assert response["Allow"] in (allowed, f"{allowed}, HEAD", f"{allowed}, HEAD, OPTIONS", f"{allowed}, OPTIONS")


def test_many_errors_come_at_once_and_the_first_in_words(api, company):
    body = ringing(make_tracker(company).phone_number, direction="up", duration=-1, value="x", spam="no")
    response = api.post("/api/v1/calls/", body)
    assert wrong(response).keys() == {"#/direction", "#/duration", "#/value", "#/spam"}
    assert response.json()["detail"].startswith("direction: ")
    assert response.json()["detail"].endswith("And 3 more: see errors.")


def test_a_list_of_wrong_items_has_an_end(api, company):
    tracker = make_tracker(company)
    response = api.post("/api/v1/calls/", ringing(tracker.phone_number) | {f"field{n}": 1 for n in range(5_000)})
    assert 10 < len(response.json()["errors"]) <= 60


def test_what_the_database_refuses_is_no_fault_of_ours(api, company):
    number = make_tracker(company).phone_number
    with refused_rows("calls_call", code="22003", message="numeric field overflow"):
        assert "too large to store" in said(api.post("/api/v1/calls/", ringing(number)), 400)


def test_a_fault_of_ours_says_so_and_tells_nothing_of_the_inside(company, caplog):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(company)}")
    number = make_tracker(company).phone_number
    with refused_rows("calls_call", message="the inside"):
        response = client.post("/api/v1/calls/", ringing(number), format="json")
    assert "inside" not in response.content.decode()
    assert "Try again later" in said(response, 500)
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "the inside" in str(record.exc_info[1])


def test_a_model_that_refuses_is_a_bad_request(api, company):
    call = make_call(company)
    body = {"answered_at": "2020-01-01T00:00:00Z", "ended_at": "2019-01-01T00:00:00Z"}
    assert wrong(api.patch(f"/api/v1/calls/{call.resource_id}/", body)).keys() == {"#/answered_at", "#/ended_at"}
