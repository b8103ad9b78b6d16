"""Contract 15.4: an integration is made, listed, changed, disabled and enabled, and calls come in between."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from subscriptions.models import Company
from tests.support.contract_client import ContractClient
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import ended_call, make_company, make_key, make_tracker
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def arrived(receiver: Receiver, company: Company) -> list[str]:
    """The paths at which webhooks of a new call arrive."""
    receiver.got.clear()
    call = ended_call(company, company.trackers.get())
    drain_until(nothing_pending)
    found = [(got.path, json.loads(got.body)["resource_id"]) for got in receiver.got]
    assert {resource_id for _, resource_id in found} <= {call.resource_id}
    return sorted(path for path, _ in found)


def test_from_create_to_active_again(receiver):
    company = make_company()
    make_tracker(company)
    client = ContractClient(make_key(company))
    a, b = f"{receiver.url}/a", f"{receiver.url}/b"
    sent = {"type": "Webhooks", "company_id": client.company, "config": {"post_call_webhook": [a, b]}}
    made = client.post("integrations", sent)
    place = f"integrations/{made['id']}"
    assert [each["id"] for each in client.get("integrations", company_id=client.company)["integrations"]] == [
        made["id"]
    ]

    assert arrived(receiver, company) == ["/hooks/a", "/hooks/b"]
    for got in receiver.got:
        signature = hmac.new(made["signing_key"].encode(), got.body, hashlib.sha1).digest()
        assert got.headers["Signature"] == base64.b64encode(signature).decode()
        body = json.loads(got.body)
        assert "person_id" in body  # of the payload version 2026-05
        assert "customer_number" not in body

    config = client.get(place)["config"]
    client.put(place, {"config": {**config, "sms_sent_webhook": [b]}})
    assert arrived(receiver, company) == ["/hooks/a", "/hooks/b"]
    client.put(place, {"config": {**config, "post_call_webhook": [b]}})
    assert arrived(receiver, company) == ["/hooks/b"]

    client.delete(place)
    assert client.get(place)["state"] == "disabled"
    assert arrived(receiver, company) == []
    client.put(place, {"config": {**config, "post_call_webhook": [a]}})
    assert arrived(receiver, company) == []
    assert client.put(place, {"state": "active"})["state"] == "active"
    assert arrived(receiver, company) == ["/hooks/a"]

    only_long = {"company_id": client.company, "integration_id": made["id"], "min_duration": 600}
    filter_ = client.post("integration_triggers", only_long)
    assert arrived(receiver, company) == []
    client.delete(f"integration_triggers/{filter_['id']}")
    assert arrived(receiver, company) == ["/hooks/a"]
