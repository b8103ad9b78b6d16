"""A new call is written and told from memory: what was told, and answered, is what the database then holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.models import Call
from calls.selectors import read_for_webhooks
from subscriptions.events import catalogue
from subscriptions.models import Company, EventStream
from subscriptions.models.columns import Columns
from tests.support.api import TALK, ago, happened, patch, program, ringing
from tests.support.events import bodies_of
from tests.support.factories import make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db
# Answering a call: its key, what is known with the person, the row with the counts, events and deliveries. With each
# statement more a call costs a tenth more.
STATEMENTS = 4


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def number(company) -> str:
    return make_tracker(company, name="Website", source="organic").phone_number


def in_full(number: str, **fields: Any) -> dict[str, Any]:
    return ringing(
        number, customer_name="Zoë 📞 \\ \"Ann\"", routed_at=ago(minutes=4), answered_at=ago(minutes=4),
        ended_at=ago(minutes=1), recording_url="https://media.example.com/1.mp3", recording_duration=171,
        transcription_text=f"{TALK}\n\tYes, 100%s.", value="1250.50", lead_status="good_lead", tags=["Roof", "New"],
        conversational_transcript=[{"start": 0.5, "speaker": "agent", "phrase": "Hi"}],
        keywords_spotted=[{"locations": [{"start": 1, "speaker": "agent"}], "keyword": "roof"}],
        speaker_percent={"agent": 40.25, "customer": 59.75}, waveforms=[1, 2.5, 1e15, None], keypad_entries=["1"],
        milestones={"first_touch": {"source": "google", "event_date": "2026-01-31T09:00:00-05:00"}}, **fields,
    )  # fmt: skip


def again(call: Call, event_type: str) -> dict[str, Any]:
    """The body that it would have, all of it read from the database."""
    (read,) = read_for_webhooks([call.pk])
    body: dict[str, Any] = json.loads(catalogue.build_body(catalogue.get(event_type), read))
    return body


@pytest.mark.parametrize("batch", [False, True], ids=["one", "batch"])
def test_what_was_told_of_a_new_call_is_what_is_stored(company, number, batch):
    api = program(company)
    items = [
        in_full(number),
        ringing(number),
        ringing(number, direction="outbound", ended_at=ago(minutes=1), duration=0),
    ]
    if batch:
        results = api.post("/api/v1/calls/batch/", {"items": items}).json()["results"]
        names = [result["resource_id"] for result in results]
    else:
        answers = [api.post("/api/v1/calls/", item).json() for item in items]
        names = [answer["resource_id"] for answer in answers]
        assert [api.get(f"/api/v1/calls/{name}/").json() for name in names] == answers
    assert [happened(name) for name in names] == [["post_call"], ["pre_call"], ["post_call"]]
    for name in names:
        call = Call.objects.get(resource_id=name)
        (kind,) = happened(name)
        assert bodies_of(call, kind) == [again(call, kind)]


@pytest.mark.django_db(transaction=True)
def test_a_new_call_is_known_to_what_comes_after(company, number):
    """Its stream, which was made with its events, goes on."""
    name = program(company).post("/api/v1/calls/", in_full(number)).json()["resource_id"]
    patch(program(company), name, note="Later.", tags=["New", "Roof"])
    assert happened(name) == ["post_call", "call_modified"]
    stream = EventStream.objects.get(subject_id=name)
    assert (stream.fired, stream.last_sequence, stream.wake_at) == (["post_call"], 2, None)
    (body,) = bodies_of(Call.objects.get(resource_id=name), "call_modified")
    assert body["changes"] == ["note"]


def test_a_new_call_takes_few_statements(company, number):
    make_subscription(company, events=["pre_call"])
    api = program(company)
    api.post("/api/v1/calls/", ringing(number))
    with CaptureQueriesContext(connection) as captured:
        api.post("/api/v1/calls/", ringing(number, external_source="pbx", external_id="1"))
    asked = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(asked) == STATEMENTS, asked


def test_columns_convert_what_their_fields_convert(company):
    columns = Columns(Company)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns.sql} FROM subscriptions_company WHERE id = %s", [company.pk])
        found = columns.build(cursor.fetchone())
    assert found.signing_key == company.signing_key
