"""Contract 4: integrations of type Webhooks, as a client makes and changes them."""

from __future__ import annotations

import re

import pytest

from tests.support.contract_client import ContractClient, check_envelope
from tests.support.contract_shapes import INTEGRATION, check
from tests.support.factories import make_company, make_key

KEYS = (
    "pre_call_webhook answered_call_webhook post_call_webhook updated_call_webhook post_outbound_call_webhook "
    "updated_outbound_call_webhook sms_received_webhook sms_sent_webhook form_captured_webhook"
).split()
A, B = "https://hooks.example.com/a", "http://hooks.example.com/b"


def made(client, config, **fields):
    body = client.post("integrations", {"type": "Webhooks", "company_id": client.company, "config": config, **fields})
    check({**INTEGRATION, "signing_key": re.compile("[0-9a-f]{32}")}, body)
    assert (body["type"], body["state"]) == ("Webhooks", "active")
    return body


def webhooks(client):
    found = check_envelope("integrations", client.get("integrations", company_id=client.company))
    return [integration for integration in found if integration["type"] == "Webhooks"]


def given(config):
    """What a config says, without the keys that have no URL."""
    return {key: urls for key, urls in config.items() if urls}


def test_the_list_needs_a_company(client):
    assert client.get("integrations", 400)


def test_each_kind_of_webhook(client):
    config = {key: [f"https://hooks.example.com/{key}"] for key in KEYS}
    body = made(client, config)
    assert body["config"] == config
    (listed,) = webhooks(client)
    check(INTEGRATION, listed)
    assert (listed["id"], listed["config"]) == (body["id"], config)
    assert client.get(f"integrations/{body['id']}") == listed
    number = client.get(f"/v3/a/{client.account}.json", fields="numeric_id")["numeric_id"]
    assert client.get(f"/v3/a/{number}/integrations/{body['id']}.json") == listed


def test_signing_keys_are_selected(client):
    body = made(client, {"post_call_webhook": [A]})
    selected = client.get(f"integrations/{body['id']}", fields="signing_key")
    assert selected["signing_key"] == body["signing_key"]
    (listed,) = client.get("integrations", company_id=client.company, fields="signing_key")["integrations"]
    assert listed == selected


def test_an_older_client_names_no_company(client):
    body = client.post("integrations", {"type": "Webhooks", "config": {"post_call_webhook": [A]}})
    assert webhooks(client)[0]["id"] == body["id"]


def test_two_urls_of_one_event(client):
    assert made(client, {"post_call_webhook": [A, B]})["config"]["post_call_webhook"] == [A, B]


def test_there_is_one_of_a_type(client):
    made(client, {"post_call_webhook": [A]})
    again = {"type": "Webhooks", "company_id": client.company, "config": {"pre_call_webhook": [B]}}
    assert client.ask("POST", "integrations", again).status in (400, 422)
    assert given(webhooks(client)[0]["config"]) == {"post_call_webhook": [A]}


def test_read_modify_write(client):
    body = made(client, {"post_call_webhook": [A], "sms_sent_webhook": [B]})
    config = dict(client.get(f"integrations/{body['id']}")["config"])
    config["form_captured_webhook"] = [A]
    changed = client.put(f"integrations/{body['id']}", {"config": config})
    check(INTEGRATION, changed)
    assert given(changed["config"]) == {
        "post_call_webhook": [A], "sms_sent_webhook": [B], "form_captured_webhook": [A],
    }  # fmt: skip
    assert webhooks(client) == [changed]


def test_a_config_is_replaced_as_a_whole(client):
    body = made(client, {"post_call_webhook": [A], "sms_sent_webhook": [B]})
    assert given(client.put(f"integrations/{body['id']}", {"config": {"sms_sent_webhook": [A]}})["config"]) == {
        "sms_sent_webhook": [A]
    }


@pytest.mark.parametrize("config", [{}, {"post_call_webhook": []}], ids=str)
def test_all_keys_are_optional(client, config):
    """A client that takes its last URL away, and puts it back."""
    body = made(client, {"post_call_webhook": [A]})
    emptied = client.put(f"integrations/{body['id']}", {"config": config})
    assert (given(emptied["config"]), emptied["state"]) == ({}, "active")
    assert [given(each["config"]) for each in webhooks(client)] == [{}]
    back = client.put(f"integrations/{body['id']}", {"config": {"post_call_webhook": [B]}})
    assert (back["id"], given(back["config"])) == (body["id"], {"post_call_webhook": [B]})


@pytest.mark.parametrize("config", [{}, {"post_call_webhook": []}], ids=str)
def test_one_may_begin_without_urls(client, config):
    body = made(client, config)
    assert [each["id"] for each in webhooks(client)] == [body["id"]]
    again = {"type": "Webhooks", "company_id": client.company, "config": {"pre_call_webhook": [B]}}
    assert client.ask("POST", "integrations", again).status in (400, 422)
    changed = client.put(f"integrations/{body['id']}", {"config": {"pre_call_webhook": [B]}})
    assert (given(changed["config"]), changed["state"]) == ({"pre_call_webhook": [B]}, "active")


def test_states(client):
    body = made(client, {"post_call_webhook": [A]})
    place = f"integrations/{body['id']}"
    assert client.put(place, {"state": "disabled"})["state"] == "disabled"
    assert client.put(place, {"state": "active"})["state"] == "active"
    client.delete(place)
    assert client.get(place)["state"] == "disabled"
    assert [each["state"] for each in webhooks(client)] == ["disabled"]
    assert given(client.get(place)["config"]) == {"post_call_webhook": [A]}
    client.delete(place)
    assert client.put(place, {"state": "active"})["state"] == "active"
    for state in ("pending", "failed", "sleeping", 1, []):
        assert client.put(place, {"state": state}, 400)


def test_a_filter_outlives_the_last_url(client):
    body = made(client, {"post_call_webhook": [A]})
    place = f"integrations/{body['id']}"
    sent = {"company_id": client.company, "integration_id": body["id"], "min_duration": 5}
    filter_ = client.post("integration_triggers", sent)
    client.put(place, {"config": {}})
    assert client.get(f"integration_triggers/{filter_['id']}") == filter_
    assert client.put(f"integration_triggers/{filter_['id']}", {"min_duration": 7})["min_duration"] == 7
    client.put(place, {"config": {"post_call_webhook": [B]}})
    assert client.get(f"integration_triggers/{filter_['id']}")["min_duration"] == 7


def test_an_empty_one_is_disabled_and_stays_so(client):
    body = made(client, {})
    place = f"integrations/{body['id']}"
    client.delete(place)
    assert client.get(place)["state"] == "disabled"
    assert client.put(place, {"config": {"post_call_webhook": [A]}})["state"] == "disabled"
    assert client.put(place, {"config": {}})["state"] == "disabled"
    assert client.put(place, {"state": "active"})["state"] == "active"


def test_a_disabled_one_is_changed_and_stays_disabled(client):
    body = made(client, {"post_call_webhook": [A]})
    place = f"integrations/{body['id']}"
    client.delete(place)
    changed = client.put(place, {"config": {"post_call_webhook": [A, B]}})
    assert (changed["state"], given(changed["config"])) == ("disabled", {"post_call_webhook": [A, B]})
    assert client.put(place, {"state": "active", "config": {"post_call_webhook": [B]}})["state"] == "active"
    assert given(client.get(place)["config"]) == {"post_call_webhook": [B]}


BAD = [
        {"post_call_webhook": A}, {"post_call_webhook": ["not a url"]}, {"post_call_webhook": ["ftp://example.com/"]},
        {"post_call_webhook": [5]}, {"post_call_webhook": [None]}, {"post_call_webhook": {"a": A}}, [], "x", None, 5,
        {"post_call_webhook": [[A]]}, {"post_call_webhook": ["https://example.com/" + "x" * 4000]},
        {"post_call_webhook": [""]}, {"post_call_webhook": ["https://"]},
    ]  # fmt: skip


def test_configs_that_cannot_be(client):
    for config in BAD:
        assert client.ask("POST", "integrations", {"type": "Webhooks", "config": config}).status in (400, 422)
        assert webhooks(client) == []


UNKNOWN_TYPES = [{}, {"config": {}}, {"type": "Fax", "config": {}}, {"type": 5}, {"type": None}]  # fmt: skip


def test_types_that_there_are_not(client):
    for body in UNKNOWN_TYPES:
        assert client.ask("POST", "integrations", body).status in (400, 403, 422)


def test_integrations_of_somebody_else(client):
    other = ContractClient(make_key(make_company("Other")))
    body = made(other, {"post_call_webhook": [A]})
    place = f"integrations/{body['id']}"
    for method, sent in (("GET", None), ("PUT", {"state": "disabled"}), ("DELETE", None)):
        assert client.ask(method, place, sent).status in (403, 404)
    assert other.get(place)["state"] == "active"
    assert client.ask("GET", "integrations", None, {"company_id": other.company}).status in (403, 404)
    stranger = {"type": "Webhooks", "company_id": other.company, "config": {"pre_call_webhook": [B]}}
    assert client.ask("POST", "integrations", stranger).status in (400, 403, 404)
