"""Contract 1: the spellings of a key, what a key does not see, and what it must not write."""

from __future__ import annotations

from typing import Any

from tests.support.contract_client import FORBIDDEN, ContractClient
from tests.support.factories import ended_call, make_company, make_key, make_tracker

SPELLINGS = {
    "quoted": 'Token token="{}"',
    "bare": "Token token={}",
    "more": 'Token token="{}", nonce="def"',
    "more, bare": "Token token={}, nonce=def, other=x",
    "tight": 'Token token="{}",nonce=def',
    "spaced": 'Token  token = "{}"',
    "with semicolon": 'Token token="{}"; nonce=def',
}
WRONG = {
    "none": "",
    "unknown": 'Token token="chk_unknown"',
    "empty": 'Token token=""',
    "nothing": "Token",
    "no token": 'Token key="x"',
    "basic": "Basic dXNlcjpwYXNz",
    "odd": 'Token token="\u00e9\x7f',
}


def test_a_key_may_be_spelled_this_way(company):
    for spelling in SPELLINGS.values():
        client = ContractClient("", authorization=spelling.format(make_key(company)))
        assert client.get("calls")["calls"] == []


PLACES_1: Any = ["/v3/a.json", "calls", "integrations", "no-such-thing"]  # fmt: skip


def test_without_a_valid_key_all_is_401(company, client):
    for path in PLACES_1:
        for authorization in WRONG.values():
            stranger = ContractClient("", authorization=authorization)
            stranger.account = client.account
            assert stranger.get(path, 401)


def test_a_key_sees_its_own_account_only(company, client):
    other = ContractClient(make_key(make_company("Other")))
    assert [account["id"] for account in client.get("/v3/a.json")["accounts"]] == [client.account]
    for path in ("", "/calls", "/companies", "/integrations", "/tags"):
        assert client.get(f"/v3/a/{other.account}{path}.json", 404)


def test_things_of_another_account_are_not_there(company, client):
    stranger = make_company("Other")
    call = ended_call(stranger)
    for path in (
        f"calls/{call.resource_id}", f"calls/{call.resource_id}/recording", f"calls/{call.resource_id}/page_views",
        f"trackers/{call.tracker.resource_id}", f"companies/{stranger.resource_id}",
        f"leads/{call.person.resource_id}/timeline",
    ):  # fmt: skip
        assert client.get(path, 404)
    assert client.put(f"calls/{call.resource_id}", {"note": "mine"}, 404)


WRITES: Any = [
        ("PUT", "calls/{call}", {"note": "x"}),
        ("POST", "tags", {"name": "x"}),
        ("PUT", "companies/{company}", {"name": "x"}),
        ("POST", "integrations", {"type": "Webhooks", "config": {}}),
        ("POST", "integration_triggers", {"min_duration": 1}),
        ("POST", "form_submissions", {"form_submission": {"form_data": {}}}),
        ("PUT", "trackers/{tracker}", {"name": "x"}),
        ("DELETE", "trackers/{tracker}", None),
    ]  # fmt: skip


def test_a_key_that_only_reads_does_not_write(company):
    for method, path, body in WRITES:
        tracker = make_tracker(company)
        call = ended_call(company, tracker)
        reader = ContractClient(make_key(company, ["read"]))
        places = {"call": call.resource_id, "tracker": tracker.resource_id, "company": company.resource_id}
        answer = reader.ask(method, path.format(**places), body)
        assert (answer.status, answer.body) == (403, {"error": FORBIDDEN})
