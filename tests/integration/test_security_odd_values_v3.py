"""API v3 with values that no client sends, in parameters, bodies and ids: a 4xx, and never a 500."""

from __future__ import annotations

import json

import pytest

from calls.models import Tag
from subscriptions.models import Company
from tests.support.factories import ended_call, make_company, make_form, make_subscription, make_text
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db

TIMES = [
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "Infinity",
    "1e400",
    "\x00",
]
TEXTS = [
    "Infinity",
    "1e400",
    "9" * 25,
    "\u0663",
    "--1",
    "\x00",
    "\ud83d",
    "../../etc/passwd",
    "A" * 4_000,
    "((((a+)+)+)+",
]
PARAMETERS = {
    "start_date": TIMES, "end_date": TIMES, "time_zone": ["../../etc/passwd", "America", "\x00", "\ud83d", "A" * 4_000],
    "page": TEXTS, "offset": TEXTS, "search": TEXTS, "company_id": TEXTS, "sort": TEXTS, "fields": TEXTS,
}  # fmt: skip
PATHS = ["calls", "calls/timeseries", "form_submissions", "forms/summary", "text-messages"]
JSON = [
    "1e400", '"NaN"', '"1e400"', "[]", "{}", "[[]]", "[null]", '["\\u0000"]', '"\\u0000"', '"\\ud800"', "true", "-1",
    "9" * 400, '{"a": {"b": []}}', '{"post_call_webhook": [1]}', '{"post_call_webhook": ["https://\\u0000"]}',
]  # fmt: skip
FIELDS = {
    ("put", "calls/{call}"): ["note", "customer_name", "value", "lead_status", "tags"],
    ("put", "companies/{company}"): ["name", "time_zone"],
    ("post", "tags"): ["name", "color", "tag_level"],
    ("put", "tags/{tag}"): ["name", "color", "disabled"],
    ("put", "trackers/{tracker}"): ["name", "call_flow"],
    ("put", "text-messages/{thread}"): ["state"],
    ("put", "sms-threads/{thread}"): ["notes", "value", "lead_qualification", "tags", "append_tags"],
    ("put", "integrations/{integration}"): ["config", "state"],
    ("post", "integration_triggers"): ["tracker_ids", "call_type", "min_duration", "lead_status"],
    ("post", "form_submissions"): ["form", "form_data", "referrer", "submitted_at"],
    ("put", "form_submissions/{form}"): ["tags", "note", "value"],
}


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.mark.sample(every=4)
@pytest.mark.parametrize("path", PATHS)
def test_parameters(company, path):
    vendor = Vendor(company)
    for name, values in PARAMETERS.items():
        for given in values:
            params = {"company_id": company.resource_id, name: given.encode("utf-8", "surrogatepass")}
            answer = vendor.send("get", path, **params)
            assert answer.status_code < 500, (name, given[:60])


@pytest.mark.sample(every=4)
@pytest.mark.parametrize(("method", "path"), FIELDS)
def test_bodies(company, method, path):
    make_subscription(company)
    text = make_text(company)
    rows = {
        "call": ended_call(company).resource_id,
        "form": make_form(company).resource_id,
        "company": company.resource_id,
        "integration": company.pk,
        "tag": Tag.objects.create(company=company, name="Roof").pk,
        "tracker": text.tracker.resource_id,
        "thread": text.thread.resource_id,
    }
    vendor = Vendor(company)
    address = f"/v3/a/{vendor.account}/{path.format(**rows)}.json"
    for name in FIELDS[method, path]:
        for given in JSON:
            body = json.dumps({"company_id": company.resource_id})[:-1] + f', "{name}": {given}}}'
            answer = vendor._client.generic(
                method.upper(), address, body, content_type="application/json",
                headers={"Authorization": vendor.authorization}, HTTP_HOST="localhost",
            )  # fmt: skip
            assert answer.status_code < 500, (name, given[:60])


@pytest.mark.parametrize("path", ["calls/{}", "tags/{}", "users/{}", "companies/{}", "leads/{}/timeline"])
def test_ids(company, path):
    vendor = Vendor(company)
    for given in ("0", "9" * 18, "9" * 19, "9" * 60, "USR" + "f" * 32, "CAL" + "0" * 32, "CAL", "-1", "1e5"):
        answer = vendor.send("get", path.format(given))
        assert 400 <= answer.status_code < 500, given
