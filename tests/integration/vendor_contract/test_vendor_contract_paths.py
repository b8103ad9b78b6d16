"""Contract 1, 1.8 and 15.3: how paths, ids, parameters and methods may be written, and what is no such thing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from calls.models import Tag
from tests.support.contract_client import FORBIDDEN, ContractClient
from tests.support.factories import ended_call, make_company, make_form, make_key, make_member, make_text

LISTS = (
    "calls", "form_submissions", "text-messages", "sms-threads", "leads", "trackers", "tags", "users", "companies",
    "integrations", "integration_triggers",
)  # fmt: skip


def needed(path: str, client: ContractClient) -> dict[str, str]:
    """What a list asks for."""
    if path in ("integrations", "integration_triggers"):
        return {"company_id": client.company}
    return {"date_range": "all_time"} if path == "sms-threads" else {}


@pytest.fixture
def full(company, client):
    """A company with one row in each list."""
    call = ended_call(company)
    call.tags.add(Tag.objects.create(company=company, name="hot"))
    make_text(company, call.tracker)
    make_form(company)
    make_member(company, username="one@example.com")
    client.post(
        "integrations", {"type": "Webhooks", "config": {"post_call_webhook": ["https://hooks.example.com/post-call"]}}
    )
    client.post("integration_triggers", {"company_id": client.company, "min_duration": 5})
    return call


def test_a_list_answers_however_it_is_asked(full, client):
    for path in LISTS:
        params = needed(path, client) | {"date_range": "all_time"}
        expected = client.get(path, **params)
        assert expected["total_records"] >= 1
        number = client.get(f"/v3/a/{client.account}.json", fields="numeric_id")["numeric_id"]
        assert len(str(number)) == 9
        for url in (
            f"/v3/a/{client.account}/{path}",
            f"/v3/a/{number}/{path}.json",
            f"/v3/a/{number}/{path}",
            f"//v3/a/{client.account}/{path}.json",
            f"/v3/a/{client.account}/{path}.json?",
        ):
            assert client.get(url, **params) == expected


def test_unknown_parameters_and_fields_are_ignored(full, client):
    for path in LISTS:
        params = needed(path, client)
        expected = client.get(path, **params)
        names = "utma,utmz,no such" if path == "leads" else "utma,utmz,id,no such"
        odd = {"sorting": "up", "utma": "1", "fields": names, "x[]": ["1", "2"], "filter[a]": "b"}
        if path in ("companies", "users", "tags", "trackers"):
            odd |= {"start_date": "2024-01-01", "end_date": "2024-02-01", "date_range": "recent"}
        assert client.get(path, **params, **odd) == expected


OF_COMPANIES: Any = ["calls", "form_submissions", "text-messages", "trackers", "tags", "users", "leads"]  # fmt: skip


def test_a_company_is_named_by_its_masked_id(full, client):
    for path in OF_COMPANIES:
        params = needed(path, client)
        assert client.get(path, company_id=client.company, **params) == client.get(path, **params)
        assert client.ask("GET", path, None, {**params, "company_id": make_company("Other").resource_id}).status in (
            200, 404,
        )  # fmt: skip


def test_rows_of_a_company_that_is_not_ours_are_not_there(full, client):
    other = make_company("Other")
    ended_call(other)
    answer = client.ask("GET", "calls", None, {"company_id": other.resource_id, "date_range": "all_time"})
    assert answer.status == 404 or answer.body["calls"] == []


def test_accounts_answer_with_and_without_suffix(client):
    expected = client.get("/v3/a.json")
    assert client.get("/v3/a") == client.get("//v3/a.json") == client.get("/v3/a.json?") == expected
    assert (
        client.get(f"/v3/a/{client.account}") == client.get(f"/v3/a/{client.account}.json") == expected["accounts"][0]
    )


MISSING_1: Any = ["HEAD", "OPTIONS", "PATCH"]  # fmt: skip
MISSING_2: Any = ["/v3/a.json", "calls", "integrations", "calls/{}"]  # fmt: skip


def test_methods_that_there_are_not(full, client):
    for method in MISSING_1:
        for path in MISSING_2:
            assert client.ask(method, path.format(full.resource_id)).status == 405


NOT_HERE = [
    ("DELETE", "calls"), ("PUT", "calls"), ("POST", "/v3/a.json"), ("PUT", "leads"), ("POST", "calls/summary"),
]  # fmt: skip


def test_methods_that_this_path_has_not(client):
    for method, path in NOT_HERE:
        assert client.ask(method, path, {}).status == 405


NOWHERE = ["nothing", "calls/x/y/z", "calls/CAL" + "0" * 32, "calls/1", "trackers/TRK",
                                  "tags/999999999", "tags/9999999999999999999999", "integrations/77777777",
                                  "integration_triggers/77777777", "form_submissions/FRM" + "f" * 32,
                                  "text-messages/zzzzz", "sms-threads/SMT" + "0" * 32, "users/USR" + "0" * 32,
                                  "leads/PER" + "0" * 32 + "/timeline", "companies/COM" + "0" * 32,
                                  "calls/CAL" + "0" * 32 + "/transcription", "/v3/b.json", "/v3/"]  # fmt: skip


def test_what_is_not_there_is_404(client):
    for path in NOWHERE:
        assert client.get(path, 404)


def test_bodies_are_json(full, client):
    url = client.url(f"calls/{full.resource_id}")
    assert client.ask_raw("PUT", url, b"<note>x</note>", "text/xml").status == 406
    for content in (b"{", b"[]", b'"x"', b"null", b"\xff", b'{"note": "\\ud800"}'):
        assert client.ask_raw("PUT", url, content, "application/json").status == 400


def test_json_is_read_whatever_curl_calls_it(full, client):
    content = json.dumps({"note": "from curl"}).encode()
    url = client.url(f"calls/{full.resource_id}")
    for content_type in ("", "application/x-www-form-urlencoded", "application/json; charset=utf-8"):
        assert client.ask_raw("PUT", url, content, content_type).status == 200


REFUSED: Any = [
        ("GET", "caller_ids"), ("POST", "caller_ids"), ("GET", "message-flows"), ("GET", "summary_emails"),
        ("GET", "/v3/a/{}/summary_emails"), ("GET", "notifications"), ("POST", "notifications"), ("POST", "calls"),
        ("POST", "text-messages"), ("POST", "trackers"),
    ]  # fmt: skip


def test_what_standard_accounts_may_not(client):
    for method, path in REFUSED:
        body = {"customer_phone_number": "+12145550123"} if method == "POST" else None
        answer = client.ask(method, path.format(client.account), body)
        assert (answer.status, answer.body) == (403, {"error": FORBIDDEN})


def test_a_third_party_may_name_itself(company):
    client = ContractClient(make_key(company))
    answer = client._django.get(
        "/v3/a.json", headers={"Authorization": client.authorization, "Request-From": '{"Example"}'}
    )
    assert answer.status_code == 200
