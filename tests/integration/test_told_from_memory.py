"""Changed calls and new forms are told from memory: what was told is what the database then holds. And how few
statements that takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.models import Call, Person
from calls.selectors import read_for_webhooks
from forms_intake.events import forms_for_webhooks
from forms_intake.models import FormSubmission
from subscriptions.events import catalogue
from subscriptions.models import Company
from tests.integration.test_api_new_calls import in_full
from tests.support.api import ago, happened, patch, program, rung
from tests.support.events import bodies_of
from tests.support.factories import make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db
VERSIONS = ("article", "2026-05")
# BEGIN; the locked call and its stream; the change and the counts; events and deliveries.
STATEMENTS_OF_A_CHANGE = 4
# The key with its rate, the form with its person, events and deliveries.
STATEMENTS_OF_A_FORM = 3
FORM = {
    "form_data": {"zip": "75201", "name": 'Zoë "Ann" \\ 📞', "email": "zoe@example.com", "ok": True, "n": 1.50},
    "form_url": "https://www.example.com/contact",
    "milestones": {"first_touch": {"source": "google", "event_date": "2026-01-31T09:00:00-05:00"}},
    "source": "google",
}


@pytest.fixture
def company() -> Company:
    return make_company(time_zone="America/Chicago")


@pytest.fixture
def number(company) -> str:
    return make_tracker(company, name="Website", source="organic").phone_number


def told_again(call: Call, event_type: str, version: str) -> dict[str, Any]:
    (read,) = read_for_webhooks([call.pk])
    body: dict[str, Any] = json.loads(catalogue.build_body(catalogue.get(event_type), read, None, version))
    return body


@pytest.mark.parametrize("merged", [False, True], ids=["one number", "a second number"])
def test_what_was_told_of_a_changed_call_is_what_is_stored(company, number, merged):
    api = program(company)
    before = rung(api, number, tags=["New"])
    if merged:
        main = Person.objects.create(company=company, phone="+12145550177", name="Ann")
        Person.objects.filter(phone="+12145550123").update(merged_into=main)
    changed = {name: value for name, value in in_full(number).items() if name not in ("direction", "start_time")}

    answer = patch(api, before, **changed)

    call = Call.objects.get(resource_id=before)
    assert happened(before) == ["pre_call", "post_call"]
    assert bodies_of(call, "post_call") == [told_again(call, "post_call", "article")]
    assert answer == api.get(f"/api/v1/calls/{before}/").json()
    assert sorted(answer["tags"]) == ["New", "Roof"]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_tags_alone_is_told_once(company, number):
    api = program(company)
    name = api.post("/api/v1/calls/", in_full(number)).json()["resource_id"]
    patch(api, name, tags=["Roof", "Urgent"])
    patch(api, name, tags=["urgent", "roof"])
    patch(api, name, note="", tags=["Roof", "Urgent"])
    call = Call.objects.get(resource_id=name)
    (body,) = bodies_of(call, "call_modified")
    assert body["changes"] == ["tags"]
    again = told_again(call, "post_call", "article")
    assert {name: body[name] for name in again if name in body} == {name: again[name] for name in again if name in body}
    assert body["tags"] == ["Roof", "Urgent"]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_a_call_takes_few_statements(company, number):
    api = program(company)
    make_subscription(company, events=["call_routing_complete"])
    name = rung(api, number)
    with CaptureQueriesContext(connection) as captured:
        patch(api, name, routed_at=ago(minutes=1), answered_at=ago(minutes=1))
    asked = [each["sql"] for each in captured]
    begin, commit = asked.index("BEGIN"), asked.index("COMMIT")
    assert begin == 1  # after the key
    assert commit - begin == STATEMENTS_OF_A_CHANGE, asked


def test_a_change_that_changes_nothing_publishes_and_writes_nothing(company, number):
    api = program(company)
    name = rung(api, number, note="Asked for Ann", tags=["Roof"])
    with CaptureQueriesContext(connection) as captured:
        patch(api, name, note="Asked for Ann", tags=["roof"])
    written = ("UPDATE calls_call", "UPDATE subscriptions_eventstream", "INSERT INTO subscriptions_event")
    assert not [each["sql"] for each in captured if any(words in each["sql"] for words in written)]


@pytest.mark.parametrize("known", [False, True], ids=["new person", "known person"])
def test_what_was_told_of_a_new_form_is_what_is_stored(company, known):
    make_subscription(company, events=["form_submission"], payload_version="2026-05")
    api = program(company)
    if known:
        api.post("/api/v1/forms/", FORM)
    answer = api.post("/api/v1/forms/", FORM)
    form = FormSubmission.objects.get(resource_id=answer.json()["resource_id"])
    (body,) = bodies_of(form, "form_submission")
    definition = catalogue.get("form_submission")
    read = forms_for_webhooks().get(pk=form.pk)
    assert json.dumps(body) == json.dumps(json.loads(catalogue.build_body(definition, read, None, "article")))
    assert body["first_form"] is not known
    assert list(body["form_data"]) == list(FORM["form_data"])
    assert answer.json() == api.get(answer["Location"]).json()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.body FROM subscriptions_eventbody b JOIN subscriptions_event e ON e.id = b.event_id "
            "WHERE e.subject_id = %s",
            [form.resource_id],
        )
        ((other,),) = cursor.fetchall()
    assert json.loads(bytes(other)) == json.loads(catalogue.build_body(definition, read, None, "2026-05"))


def test_a_new_form_takes_few_statements(company):
    make_subscription(company, events=["form_submission"])
    api = program(company)
    api.post("/api/v1/forms/", FORM)
    with CaptureQueriesContext(connection) as captured:
        api.post("/api/v1/forms/", {**FORM, "milestones": {}})
    asked = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(asked) == STATEMENTS_OF_A_FORM, asked
