"""Contract 7: companies."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.contract_client import FORBIDDEN, check_envelope
from tests.support.contract_shapes import COMPANY, check


def test_a_company(client, company):
    (listed,) = check_envelope("companies", client.get("companies"))
    check(COMPANY, listed)
    assert (listed["name"], listed["status"], listed["time_zone"]) == ("Acme Dental", "active", "America/Chicago")
    assert client.get(f"companies/{listed['id']}") == listed
    assert re.fullmatch(r"//\S+|None", str(listed["script_url"]))


def test_verified_caller_ids_are_selected(client):
    (listed,) = client.get("companies", fields="verified_caller_ids")["companies"]
    check({**COMPANY, "verified_caller_ids": list}, listed)


FILTERS: Any = [({"status": "active"}, 1), ({"status": "disabled"}, 0), ({"search": "acme"}, 1), ({"search": "zzz"}, 0),
     ({"sort": "name"}, 1), ({"start_date": "x"}, 1)]  # fmt: skip


def test_filters(client):
    for params, count in FILTERS:
        assert client.get("companies", **params)["total_records"] == count


def test_changes(client, company):
    body = client.put(f"companies/{client.company}", {"name": "Acme Roofs", "time_zone": "America/Denver"})
    check(COMPANY, body)
    assert (body["name"], body["time_zone"]) == ("Acme Roofs", "America/Denver")
    company.refresh_from_db()
    assert (company.name, company.time_zone) == ("Acme Roofs", "America/Denver")


BAD = [{"name": ""}, {"time_zone": "Mars"}, {"name": 5}, {"time_zone": None},
{"name": "a\nb"}, {"name": ["a"]}]  # fmt: skip


def test_what_a_company_cannot_be(client):
    for body in BAD:
        assert client.ask("PUT", f"companies/{client.company}", body).status in (400, 422)


def test_the_last_active_company_stays(client):
    answer = client.ask("DELETE", f"companies/{client.company}")
    assert answer.body == {"error": "You must have at least one active company."}
    assert answer.status in (400, 403, 422)
    assert client.get("companies")["companies"][0]["status"] == "active"


def test_companies_are_made_by_the_operator(client):
    answer = client.ask("POST", "companies", {"name": "New"})
    assert (answer.status, answer.body) == (403, {"error": FORBIDDEN})


@pytest.mark.parametrize("companies", [["all"], ["mine"]])
def test_bulk_update(client, companies):
    ids = [client.company] if companies == ["mine"] else companies
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        content = b'{"company_ids": ["' + ids[0].encode() + b'"], "external_form_capture": true}'
        answer = client.ask_raw("POST", client.url("companies/bulk_update"), content, content_type)
        assert answer.body in ({"updated_records": 1}, {"error": FORBIDDEN})
