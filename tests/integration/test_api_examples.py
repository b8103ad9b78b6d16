"""Every operation of the API is described for developers elsewhere: in words, and by an example that was answered.

The examples in `callhooks_site/api_reference/examples.json` are this test's own requests and answers. When the API
changes, the test fails and says how to renew them."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from callhooks_site.api_reference.document import EXAMPLES
from callhooks_site.privacy import jobs
from subscriptions.api.manifests import NDJSON
from subscriptions.events import catalogue, versions
from subscriptions.feed.manifests import making
from subscriptions.models import ApiKey, Company, Delivery, EndpointIssue, Subscription
from tests.support.api import program
from tests.support.api_examples import DAY, Steady
from tests.support.factories import make_company

pytestmark = pytest.mark.django_db

RENEW = "RENEW_EXAMPLES=1 ./dev test tests/integration/test_api_examples.py; then renew docs/openapi.json"
NUMBER, CUSTOMER = "+14045550100", "+12145550123"
TEXT = {"direction": "inbound", "tracking_phone_number": NUMBER, "customer_phone_number": CUSTOMER}
# Words of ours that mean nothing to who calls the API.
INTERNAL = re.compile(
    r"\b(serializers?|querysets?|view ?sets?|docstring|ORM|Django|django|DRF|spectacular|for the documentation|drains?|"
    r"lease|outbox|sender pool|event stream|watched fields|housekeeping|swagger|_\w*Fault|TODO)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Client().get("/api/v1/schema/").content)
    return found


class Recorder:
    """Asks, and keeps request and answer as the example of the operation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.steady = document, Steady()
        self.kept: dict[str, Any] = {}

    def ask(self, api: Any, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        answer = getattr(api, method)(f"/api/v1/{path}", body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.content!r}"
        lines = answer.headers.get("Content-Type") == NDJSON
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        found = content.decode() if lines else json.loads(content) if content else None
        bare = f"/api/v1/{path.partition('?')[0]}"
        template, values = self._template(bare, method)
        kept = self.kept.setdefault(self.document["paths"][template][method]["operationId"], {})
        if values and "path" not in kept:
            kept["path"] = {
                name: str(self.steady.value(_number(value), name if name == "number" else "id"))
                for name, value in values.items()
            }
        if body is not None and "request" not in kept:
            kept["request"] = self.steady.value(body)
        if found is not None:
            kept.setdefault("responses", {}).setdefault(str(status), self.steady.value(found))
        return found

    def _template(self, path: str, method: str) -> tuple[str, dict[str, str]]:
        for template in sorted(self.document["paths"], key=lambda each: each.count("{")):  # fixed words first
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            if (match := re.fullmatch(pattern, path)) and method in self.document["paths"][template]:
                return template, match.groupdict()
        raise AssertionError(f"{path} is not in the document")


def _number(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def at(minute: int) -> str:
    return f"{DAY}T15:{minute:02}:00Z"


def record_calls(record: Recorder, api: Any) -> None:
    ask = record.ask
    tracker = ask(
        api, "post", "trackers/",
        {"phone_number": NUMBER, "name": "Google Ads", "source": "google", "destination_number": "+12145550100"},
        status=201,
    )  # fmt: skip
    ringing = {
        "direction": "inbound", "tracking_phone_number": NUMBER, "customer_phone_number": CUSTOMER,
        "customer_name": "Ann Example", "start_time": at(4), "source": "google", "medium": "cpc",
        "campaign": "Spring roofs", "external_source": "pbx", "external_id": "4711",
    }  # fmt: skip
    call = ask(api, "post", "calls/", ringing, status=201)
    changed = {
        "answered_at": at(5), "ended_at": at(8), "recording_url": "https://media.example.com/4711.mp3",
        "recording_duration": 171, "transcription_text": "Hello, my roof is leaking.", "tags": ["Roof repair"],
        "note": "Call back on Thursday.", "value": "480.50", "as_of": at(9),
    }  # fmt: skip
    ask(api, "patch", f"calls/{call['resource_id']}/", changed)
    ask(api, "post", "calls/", {**ringing, "campaign": "Summer roofs"})
    ask(api, "get", f"calls/{call['resource_id']}/")
    ask(api, "get", "calls/?direction=inbound")
    second = {"direction": "inbound", "tracking_phone_number": NUMBER, "external_source": "pbx", "external_id": "4712"}
    ask(api, "post", "calls/batch/", {"items": [{**second, "start_time": at(20)}, {**second, "direction": "sideways"}]})
    ask(api, "get", f"trackers/{tracker['resource_id']}/")
    ask(api, "get", "trackers/?active=true")
    ask(api, "patch", f"trackers/{tracker['resource_id']}/", {"name": "Google Ads, spring"})
    tag = ask(api, "post", "tags/", {"name": "New customer"}, status=201)
    ask(api, "post", "tags/", {"name": "new customer"})
    ask(api, "get", f"tags/{tag['id']}/")
    ask(api, "get", "tags/?name=new customer")
    ask(api, "patch", f"tags/{tag['id']}/", {"name": "First-time customer"})
    person = {
        "phone": "+12145550124",
        "email": "ben@example.com",
        "name": "Ben Example",
        "city": "Austin",
        "state": "TX",
    }
    made = ask(api, "post", "people/", person, status=201)
    ask(api, "post", "people/", {"email": "ben@example.com"})
    ask(api, "get", f"people/{made['resource_id']}/")
    ask(api, "get", "people/?email=ben@example.com")
    ask(api, "patch", f"people/{made['resource_id']}/", {"city": "Dallas"})


def record_texts_and_forms(record: Recorder, api: Any) -> None:
    ask = record.ask
    text = {
        **TEXT, "content": "Is this the right tile? 📷", "media_urls": ["https://media.example.com/tile.jpg"],
        "sent_at": at(30), "external_source": "pbx", "external_id": "t-17",
    }  # fmt: skip
    made = ask(api, "post", "texts/", text, status=201)
    ask(api, "post", "texts/", text)
    ask(api, "get", f"texts/{made['resource_id']}/")
    ask(api, "get", "texts/?direction=inbound")
    ask(
        api, "post", "texts/batch/", {"items": [{**TEXT, "content": "Thank you!", "sent_at": at(31)}, {"content": "?"}]}
    )
    form = {
        "form_data": {"name": "Ann Example", "email": "ann@example.com", "message": "What does a roof cost?"},
        "form_url": "https://www.example.com/contact", "source": "newsletter", "submitted_at": at(40),
        "external_source": "website", "external_id": "f-9",
    }  # fmt: skip
    made = ask(api, "post", "forms/", form, status=201)
    ask(api, "post", "forms/", form)
    ask(api, "get", f"forms/{made['resource_id']}/")
    ask(api, "get", "forms/?external_source=website")
    ask(api, "post", "forms/batch/", {"items": [{"form_data": {"name": "Ben Example"}}, {"form_data": []}]})


def record_subscription(record: Recorder, api: Any) -> str:
    ask = record.ask
    made = ask(
        api, "post", "subscriptions/",
        {"name": "CRM", "url": "https://crm.example.com/hooks", "events": ["pre_call", "post_call", "call_modified"]},
        status=201,
    )  # fmt: skip
    one = f"subscriptions/{made['resource_id']}/"
    ask(api, "get", "subscriptions/")
    ask(api, "get", one)
    conditions = {"all": [{"field": "outcome", "in": ["answered"]}, {"field": "duration", "min": 60}]}
    ask(api, "patch", one, {"conditions": conditions, "auth": {"type": "bearer", "token": "example-token"}})
    ask(api, "post", "subscriptions/dry-run/", {"events": ["post_call"], "conditions": conditions})
    ask(api, "post", f"{one}secret/")
    ask(api, "post", f"{one}rotate/", {"overlap_hours": 24})
    return str(one)


def record_deliveries(record: Recorder, api: Any, one: str) -> None:
    ask = record.ask
    test = ask(api, "post", f"{one}test/", {"event": "post_call"}, status=202)
    rung = {"direction": "inbound", "tracking_phone_number": NUMBER, "customer_phone_number": CUSTOMER}
    assert api.post("/api/v1/calls/", rung).status_code == 201
    delivery = Delivery.objects.get(event__type="pre_call")
    delivery.attempt_log.create(
        number=1, outcome="failed", started_at=f"{DAY}T15:04:06Z", duration_ms=212, status_code=401,
        url="https://crm.example.com/hooks", request_headers=[["Content-Type", "application/json"]],
        response_headers=[["Content-Type", "text/plain"]], response_body=b"Unauthorized",
        error="http_status", message="The receiver wants a login (401). Check the login of the subscription.",
    )  # fmt: skip
    path = f"deliveries/{delivery.pk}/"
    ask(api, "get", path)
    ask(api, "get", "deliveries/?state=pending&event=pre_call")
    ask(api, "post", f"{path}send-now/", status=202)
    ask(api, "post", "deliveries/send-now/", {"deliveries": [delivery.pk, test["id"]]}, status=202)
    ask(api, "post", f"{one}send-now/", status=202)
    ask(api, "post", f"{path}cancel/")
    ask(api, "post", f"{path}resend/", status=202)
    ask(api, "get", "events/?type=pre_call")
    ask(api, "get", f"events/{delivery.event.webhook_id}/")
    ask(api, "get", "event-types/")
    ask(api, "get", "event-types/post_call/")
    ask(api, "post", f"{one}pause/")
    ask(api, "post", f"{one}resume/", {"held": "send"})
    api.post(f"/api/v1/{path}cancel/")
    asked = {"subscription": one.split("/")[1], "since": f"{DAY}T00:00:00Z", "states": ["failed", "cancelled"]}
    ask(api, "post", "resend-jobs/", {**asked, "count_only": True})
    record.kept["resend_jobs_create"].pop("request")
    job = ask(api, "post", "resend-jobs/", {**asked, "per_second": 10}, status=201)
    ask(api, "get", "resend-jobs/")
    ask(api, "get", f"resend-jobs/{job['id']}/")
    ask(api, "post", f"resend-jobs/{job['id']}/cancel/")
    record_issues(record, api, one)
    past = {"since": f"{DAY}T00:00:00Z", "events": ["pre_call"]}
    ask(api, "post", f"{one}past-events/", {**past, "count_only": True})
    record.kept["subscriptions_past_events_create"].pop("request")
    Delivery.objects.exclude(event__test=True).delete()
    ask(api, "post", f"{one}past-events/", {**past, "per_second": 10}, status=201)
    record_manifests(record, api, one)
    ask(api, "delete", one, status=204)


def record_issues(record: Recorder, api: Any, one: str) -> None:
    subscription = Subscription.objects.get(resource_id=one.split("/")[1])
    issue = EndpointIssue.objects.create(
        company=subscription.company, subscription=subscription, opened_at=f"{DAY}T15:04:05Z",
        answer="The server answered 401.",
    )  # fmt: skip
    path = f"issues/{issue.pk}/"
    record.ask(api, "get", "issues/?state=open")
    record.ask(api, "get", path)
    record.ask(api, "post", f"{path}acknowledge/")
    record.ask(api, "patch", path, {"note": "The new token comes on Monday."})
    record.ask(api, "post", f"{path}solve/")


def record_manifests(record: Recorder, api: Any, one: str) -> None:
    subscription = Subscription.objects.get(resource_id=one.split("/")[1])
    Delivery.objects.filter(subscription=subscription).update(created_at=f"{DAY}T15:04:05Z")
    assert making.make(subscription, date.fromisoformat(DAY))
    record.ask(api, "get", f"{one}manifests/")
    record.ask(api, "get", f"{one}manifests/{DAY}/")
    record.ask(api, "get", f"{one}manifests/{DAY}/pages/1/")


def record_feed(record: Recorder, api: Any) -> None:
    ask = record.ask
    page = ask(api, "get", "feed/?page_size=2&type=pre_call")
    made = ask(api, "post", "feed-consumers/", {"name": "warehouse", "types": ["post_call"]}, status=201)
    one = f"feed-consumers/{made['name']}/"
    ask(api, "get", "feed-consumers/")
    ask(api, "get", one)
    ask(api, "post", f"{one}acknowledge/", {"cursor": page["cursor"]})
    ask(api, "patch", one, {"cursor": "beginning"})
    ask(api, "delete", one, status=204)


def record_alerts(record: Recorder, api: Any) -> None:
    ask = record.ask
    made = ask(
        api, "post", "alert-destinations/",
        {"kind": "webhook", "name": "On call", "url": "https://alerts.example.com/hooks", "alerts": ["failing"]},
        status=201,
    )  # fmt: skip
    one = f"alert-destinations/{made['resource_id']}/"
    ask(api, "get", "alert-destinations/")
    ask(api, "get", one)
    ask(api, "patch", one, {"name": "Night shift"})
    ask(api, "post", f"{one}secret/")
    ask(api, "post", f"{one}test/", status=202)
    ask(api, "delete", one, status=204)


def record_keys(record: Recorder, api: Any) -> None:
    ask = record.ask
    ask(api, "get", "key/")
    made = ask(api, "post", "keys/", {"name": "Phone system", "scopes": ["ingest"]}, status=201)
    ask(api, "get", "keys/")
    ask(api, "get", f"keys/{made['id']}/")
    ask(api, "post", f"keys/{made['id']}/rotate/", {"overlap_hours": 2}, status=201)
    ask(api, "delete", f"keys/{made['id']}/", status=204)


def record_companies(record: Recorder) -> None:
    api = APIClient()
    _, secret = ApiKey.objects.issue(company=None, name="billing", scopes=["read", "ingest", "manage"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    named = {"name": "Riverside Dental", "time_zone": "America/Chicago"}
    made = record.ask(api, "post", "companies/", named, status=201)
    one = f"companies/{made['resource_id']}/"
    record.ask(api, "get", "companies/?page_size=1")
    record.ask(api, "get", one)
    record.ask(api, "patch", one, {"recording_expected": False})
    record.ask(api, "post", f"{one}keys/", {"name": "Phone system", "scopes": ["read", "ingest", "manage"]}, status=201)


def record_privacy(record: Recorder, api: Any) -> None:
    person = api.get("/api/v1/people/?email=ben@example.com").json()["results"][0]["resource_id"]
    record.ask(api, "get", f"person-exports/{person}/")
    record.ask(api, "post", "erasures/", {"phone": CUSTOMER, "count_only": True})
    made = record.ask(api, "post", "erasures/", {"phone": CUSTOMER, "confirm": True}, status=201)
    while jobs.run_step():
        pass
    record.ask(api, "get", "erasures/")
    record.ask(api, "get", f"erasures/{made['id']}/")


def record_webhooks(record: Recorder, company: Company) -> None:
    for event_type in catalogue.all_types():
        for version, _ in versions.choices():
            name = event_type.name if version == versions.DEFAULT else f"{event_type.name}_{version.replace('-', '_')}"
            example = catalogue.build_example(event_type, company, version)
            assert example is not None
            record.kept[f"webhook_{name}".replace(".", "_")] = {"request": record.steady.value(json.loads(example[1]))}


def test_the_examples_are_what_the_api_answers(document):
    company = make_company("Riverside Dental", time_zone="America/Chicago")
    api = program(company)
    record = Recorder(document)
    record_calls(record, api)
    record_texts_and_forms(record, api)
    one = record_subscription(record, api)
    record_deliveries(record, api, one)
    record_feed(record, api)
    record_alerts(record, api)
    record_keys(record, api)
    record_privacy(record, api)
    record_companies(record)
    record_webhooks(record, company)
    types = record.kept["event_types_list"]["responses"]["200"]
    types["results"] = types["results"][:1]  # one is enough to see
    if os.environ.get("RENEW_EXAMPLES"):
        EXAMPLES.write_text(json.dumps(record.kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert json.loads(EXAMPLES.read_text("utf-8")) == record.kept, f"Renew them: {RENEW}"


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [*document["paths"].items(), *document["webhooks"].items()]
    return [(f"{method} {path}", each) for path, methods in found for method, each in methods.items()]


def test_every_operation_has_words_and_an_example_that_fits(document):
    assert len(operations(document)) > 70
    for name, operation in operations(document):
        assert 5 < len(operation["summary"]) < 70, name
        assert not operation["summary"].endswith("."), name
        assert len(operation["description"]) > 25, name
        shown = [operation["requestBody"]] if "requestBody" in operation else []
        shown += [response for response in operation["responses"].values() if "content" in response]
        for each in shown:
            for kind, media in each["content"].items():
                if kind == "application/json":
                    schema = {**media["schema"], "components": document["components"]}
                    assert "example" in media, (name, each.get("description"))
                    Draft202012Validator(schema).validate(media["example"])
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (name, parameter["name"])
        assert "default" in operation["responses"] or name.startswith("post ")
    for response in document["components"]["responses"].values():
        (media,) = response["content"].values()
        Draft202012Validator({**media["schema"], "components": document["components"]}).validate(media["example"])


def test_every_field_has_a_meaning(document):
    bare = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, each in schema.get("properties", {}).items()
        if not each.get("description") and name not in ("Problem", "EventTypes") and not name.startswith("Paginated")
    ]
    assert not bare


def test_no_word_of_ours_is_in_it(document):
    assert not {found[0] for found in INTERNAL.finditer(json.dumps(document, ensure_ascii=False))}
    assert "x-spec-enum-id" not in json.dumps(document)


def test_the_groups_stand_in_the_order_of_reading(document):
    names = [tag["name"] for tag in document["tags"]]
    assert names[:3] == ["Calls", "Texts", "Forms"]
    assert {name for _, operation in operations(document) for name in operation["tags"]} == set(names)
    assert document["info"]["description"]
