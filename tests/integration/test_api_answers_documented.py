"""What acts through the API answer is what the document says, to the last field; and each stands in the audit log."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from subscriptions.models import AuditEntry, Company, Delivery
from tests.support.api import ago, program, ringing
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Client().get("/api/v1/schema/").content)
    return found


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def act(company, document):
    """Do it, and hold the answer against the document: all that it has is said there. Gives the answer's body."""
    api = program(company)

    def send(method: str, path: str, body: Any = None, *, status: int) -> Any:
        answer = getattr(api, method)(f"/api/v1/{path}", body)
        assert answer.status_code == status, answer.content
        shape = re.sub("/[A-Z]{3}[0-9a-f]{32}/", "/{resource_id}/", re.sub(r"/\d+/", "/{id}/", f"/api/v1/{path}"))
        said = document["paths"][shape][method]["responses"][str(status)]
        if status == 204:
            return None
        schema = _closed(said["content"]["application/json"]["schema"], document)
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
        return answer.json()

    return send


def _closed(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema, or what it refers to, without room for a field that it does not name."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert schema["properties"]
    return {**schema, "additionalProperties": False}


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def test_subscriptions_and_deliveries(act, company):
    number = make_tracker(company).phone_number
    made = act(
        "post", "subscriptions/", {"name": "CRM", "url": "https://example.com/h", "events": ["pre_call"]}, status=201
    )
    one = f"subscriptions/{made['resource_id']}/"
    act("patch", one, {"name": "New CRM"}, status=200)
    act("patch", one, {"name": "New CRM"}, status=200)  # nothing new is no act
    act("post", "calls/", ringing(number), status=201)
    delivery = Delivery.objects.get()
    assert act("post", f"{one}pause/", status=200)["state"] == "paused"
    assert act("post", f"{one}resume/", {"held": "send"}, status=200)["held"] == "send"
    act("post", f"{one}rotate/", status=200)
    act("post", f"{one}secret/", status=200)
    act("post", f"deliveries/{delivery.pk}/cancel/", status=200)
    act("post", f"deliveries/{delivery.pk}/resend/", status=202)
    delivery.attempt_log.create(number=1, outcome="failed", started_at=ago(minutes=1), duration_ms=5)
    assert len(act("get", f"deliveries/{delivery.pk}/", status=200)["attempts"]) == 1
    act("post", f"deliveries/{delivery.pk}/cancel/", status=200)
    asked = {"subscription": made["resource_id"], "since": ago(hours=1), "states": ["cancelled"]}
    assert act("post", "resend-jobs/", {**asked, "count_only": True}, status=200) == {"total": 1}
    job = act("post", "resend-jobs/", asked, status=201)
    for _ in range(2):  # the second finds nothing to cancel
        act("post", f"resend-jobs/{job['id']}/cancel/", status=200)
    act("post", f"{one}test/", {"event": "pre_call"}, status=202)
    act("delete", one, status=204)
    assert acts() == [
        "Added", "Changed", "Paused", "Resumed", "Created a new signing secret", "Viewed the signing secret",
        "Cancelled", "Sent again", "Cancelled", "Started a resend", "Cancelled a resend", "Sent a test event",
        "Removed",
    ]  # fmt: skip
    entries = AuditEntry.objects.all()
    assert {entry.actor[:7] for entry in entries} == {"API key"}
    assert {entry.company_id for entry in entries} == {company.pk}
    assert entries.get(act="Changed").detail == "name"


def test_keys_are_shown_once(act):
    key = act("post", "keys/", {"name": "Phones", "scopes": ["ingest"]}, status=201)
    assert key["key"].startswith("chk_")
    assert act("post", f"keys/{key['id']}/rotate/", {"overlap_hours": 1}, status=201)["key"] != key["key"]
    assert "key" not in act("get", f"keys/{key['id']}/", status=200)
    act("delete", f"keys/{key['id']}/", status=204)
    assert acts() == ["Created an API key", "Rotated an API key", "Revoked an API key"]


def test_what_calls_need(act, company):
    act("post", "tags/", {"name": "Roof"}, status=201)
    tag = act("post", "tags/", {"name": "ROOF"}, status=200)
    act("patch", f"tags/{tag['id']}/", {"color": "red"}, status=200)
    tracker = act("post", "trackers/", {"phone_number": "+14045550188", "name": "Radio"}, status=201)
    act("patch", f"trackers/{tracker['resource_id']}/", {"active": False}, status=200)
    assert acts() == ["Added", "Changed", "Added", "Changed"]


@pytest.mark.parametrize("kind", ["calls", "texts", "forms"])
def test_batches_have_a_result_for_each(act, company, kind):
    number = make_tracker(company).phone_number
    text = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": "+12145550123"}
    good = {"calls": ringing(number), "texts": {**text, "content": "Hi"}, "forms": {"form_data": {"name": "Ann"}}}[kind]
    known = {**good, "external_source": "pbx", "external_id": "1"}
    told = act("post", f"{kind}/batch/", {"items": [good, known, known, {"colour": "red"}]}, status=200)
    assert [result["status"] for result in told["results"]] == [201, 201, 200, 400]


def test_the_document_says_who_may_ask(document):
    scheme = document["components"]["securitySchemes"]["key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["security"] == [{"key": []}], (path, method)
            named = [each for each in operation.get("parameters", ()) if each["name"] == "Callhooks-Company"]
            assert len(named) == (0 if "/companies/" in path else 1), (path, method)
