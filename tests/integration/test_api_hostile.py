"""Whatever comes, the answer is an answer: kept as it was sent, or a 400 in the one shape; never a fault."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api import CUSTOMER, program, ringing, wrong
from tests.support.examples import examples
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db
EXAMPLES = settings(
    max_examples=examples(30),
    deadline=timedelta(seconds=5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Surrogates and NUL included; the usual suspects more often than chance would have them.
TEXT = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    ["\x00", "\ud800", "\udfff", "\u202e", "\ufeff", "a" * 3_000, "'; DROP TABLE calls_call; --", "{{7*7}}", "%s%n",
     "\\u0000", "+1" * 40, "1e400", "NaN", "0" * 400, "２１４５５５０１２３", "\u2028", "null", "=cmd|' /C calc'!A0",
     "+12145550123;ext=5"]
)  # fmt: skip
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400)])
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
CALL_FIELDS = """
    direction tracking_phone_number customer_phone_number customer_name customer_city customer_state customer_country
    business_phone_number start_time routed_at answered_at ended_at duration voicemail abandoned spam recording_url
    recording_duration transcription_text conversational_transcript keywords_spotted call_highlights speaker_percent
    waveforms keypad_entries tags note value lead_status lead_status_by agent_email device_type source medium campaign
    keywords referrer referrer_domain referring_url landing_page_url last_requested_url utm_source utm_medium
    utm_campaign utm_term utm_content utma utmb utmc utmv utmz ga gclid fbclid msclkid kissmetrics_id milestones custom
    external_source external_id
""".split()


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def number(company):
    return make_tracker(company).phone_number


@pytest.fixture
def api(company):
    return program(company)


def answered_well(api, method, address, body):
    """Sends JSON with surrogates as escapes, as any client could; undoes what it did."""
    with transaction.atomic():
        raw = json.dumps(body).encode("ascii")
        response = getattr(api, method)(address, raw, content_type="application/json")
        if response.status_code not in (200, 201):
            wrong(response)
        transaction.set_rollback(True)
    return response


@EXAMPLES
@given(field=st.sampled_from(CALL_FIELDS), value=VALUE)
def test_any_value_of_any_field_of_a_call(api, number, field, value):
    response = answered_well(api, "post", "/api/v1/calls/", ringing(number) | {field: value})
    if response.status_code == 201 and field in ("note", "transcription_text", "call_highlights", "waveforms"):
        assert response.json()[field] == value


@EXAMPLES
@given(fields=st.dictionaries(st.sampled_from(CALL_FIELDS), VALUE, max_size=6))
def test_any_change_of_a_call(api, company, fields):
    call = make_call(company)
    answered_well(api, "patch", f"/api/v1/calls/{call.resource_id}/", fields)


@EXAMPLES
@given(content=TEXT, customer=TEXT | st.just(CUSTOMER), media=st.lists(TEXT, max_size=2))
def test_any_text(api, number, content, customer, media):
    body = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": customer,
            "content": content, "media_urls": media}  # fmt: skip
    response = answered_well(api, "post", "/api/v1/texts/", body)
    if response.status_code == 201:
        assert response.json()["content"] == content


@EXAMPLES
@given(data=st.dictionaries(TEXT, VALUE, max_size=6))
def test_any_form(api, data):
    answered_well(api, "post", "/api/v1/forms/", {"form_data": data})


@pytest.mark.sample(every=2)
@EXAMPLES
@given(body=VALUE)
@pytest.mark.parametrize("address", ["calls", "texts", "forms", "trackers", "tags", "subscriptions"])
def test_any_json_at_all(api, address, body):
    answered_well(api, "post", f"/api/v1/{address}/", body)


@EXAMPLES
@given(url=TEXT, name=TEXT, events=st.lists(TEXT, max_size=3))
def test_any_subscription(api, company, url, name, events):
    answered_well(api, "post", "/api/v1/subscriptions/", {"url": url, "name": name, "events": events or ["post_call"]})
    at = f"/api/v1/subscriptions/{make_subscription(company).resource_id}/"
    answered_well(api, "patch", at, {"url": url, "name": name})


@EXAMPLES
@given(raw=st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_any_bytes(api, raw):
    response = api.post("/api/v1/calls/", raw, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"]


FILTERS = {
    "calls": ["direction", "external_id", "external_source", "customer_phone_number", "start_time_after", "cursor"],
    "texts": ["direction", "sent_at_before", "tracking_phone_number"],
    "people": ["phone", "email"],
    "deliveries": ["state", "event", "subscription", "subject", "created_after", "created_before", "page_size"],
    "events": ["type", "subject", "cursor"],
}


@EXAMPLES
@given(
    place=st.sampled_from([(kind, name) for kind, names in FILTERS.items() for name in names]),
    value=TEXT.filter(lambda text: not any(0xD800 <= ord(char) <= 0xDFFF for char in text)),
)
def test_any_filter(api, place, value):
    kind, name = place
    response = api.get(f"/api/v1/{kind}/", {name: value})
    if response.status_code != 200:
        assert wrong(response).keys() == {name}
