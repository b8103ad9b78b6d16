"""Contract 4.1: filters of integrations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contract_client import ContractClient, check_envelope
from tests.support.contract_shapes import FILTER, check
from tests.support.factories import make_company, make_key, make_tracker

DEFAULT = {"id": None, "type": "All (Default Integration Trigger)"}
WHOLE = {"call_type": "missed_and_vm", "min_duration": 10, "max_duration": 60, "lead_status": "good_lead"}


@pytest.fixture
def integration(client):
    config = {"post_call_webhook": ["https://hooks.example.com/a"]}
    return client.post("integrations", {"type": "Webhooks", "config": config})["id"]


def made(client, **fields):
    body = client.post("integration_triggers", {"company_id": client.company, **fields})
    check(FILTER, body)
    return body


def test_the_list_needs_a_company(client):
    assert client.get("integration_triggers", 400)


def test_a_filter(client, company, integration):
    tracker = make_tracker(company).resource_id
    body = made(client, integration_id=integration, tracker_ids=[tracker], **WHOLE)
    assert {name: body[name] for name in WHOLE} == WHOLE
    assert body["tracker_ids"] == [tracker]
    assert body["integration"] == {"id": integration, "type": "Webhooks"}
    assert client.get(f"integration_triggers/{body['id']}") == body
    assert check_envelope("integration_triggers", client.get("integration_triggers", company_id=client.company)) == [
        body
    ]


def test_the_default_filter(client, integration):
    body = made(client, integration_id=None, min_duration=5)
    assert (body["integration_id"], body["integration"]) == (None, DEFAULT)
    assert (body["tracker_ids"], body["call_type"], body["max_duration"]) == ([], None, None)
    assert client.ask("POST", "integration_triggers", {"company_id": client.company, "call_type": "vm"}).status == 400


def test_an_integration_has_one(client, integration):
    made(client, integration_id=integration, min_duration=5)
    more = {"company_id": client.company, "integration_id": integration, "min_duration": 6}
    assert client.post("integration_triggers", more, 400)


def test_changes(client, company, integration):
    body = made(client, integration_id=integration, min_duration=5)
    place = f"integration_triggers/{body['id']}"
    changed = client.put(place, {"call_type": "first_call", "max_duration": 90})
    assert (changed["min_duration"], changed["max_duration"], changed["call_type"]) == (5, 90, "first_call")
    cleared = client.put(place, {"min_duration": None, "call_type": None})
    assert (cleared["min_duration"], cleared["max_duration"], cleared["call_type"]) == (None, 90, None)
    tracker = make_tracker(company).resource_id
    assert client.put(place, {"tracker_ids": [tracker]})["tracker_ids"] == [tracker]
    assert client.put(place, {"tracker_ids": []})["tracker_ids"] == []


def test_deleting(client, integration):
    for body in (made(client, integration_id=integration, min_duration=5), made(client, max_duration=5)):
        client.delete(f"integration_triggers/{body['id']}")
        assert client.get(f"integration_triggers/{body['id']}", 404)
        assert client.delete(f"integration_triggers/{body['id']}", 404)
    assert client.get("integration_triggers", company_id=client.company)["integration_criteria"] == []


BAD: list[dict[str, Any]] = [
        {"call_type": "loud"}, {"min_duration": "long"}, {"min_duration": -1}, {"tracker_ids": "TRK1"},
        {"tracker_ids": ["TRK" + "0" * 32]}, {"tracker_ids": [5]}, {"lead_status": "superb"},
        {"integration_id": 99999999},
        {"integration_id": "x"}, {"min_duration": 50, "max_duration": 10}, {"max_duration": 10**30}, {"call_type": []},
        {"integration_id": 10**30}, {"min_duration": True},
    ]  # fmt: skip


def test_what_a_filter_cannot_ask(client, integration):
    for fields in BAD:
        sent = {"company_id": client.company, "min_duration": 1, "integration_id": integration, **fields}
        assert client.ask("POST", "integration_triggers", sent).status in (400, 404, 422)


def test_filters_of_somebody_else(client, integration):
    stranger = make_company("Other")
    other = ContractClient(make_key(stranger))
    theirs = made(other, min_duration=5)
    place = f"integration_triggers/{theirs['id']}"
    for method, body in (("GET", None), ("PUT", {"min_duration": 7}), ("DELETE", None)):
        assert client.ask(method, place, body).status in (403, 404)
    assert other.get(place) == theirs
    tracker = make_tracker(stranger).resource_id
    sent = {"company_id": client.company, "integration_id": integration, "tracker_ids": [tracker]}
    assert client.ask("POST", "integration_triggers", sent).status in (400, 404)
