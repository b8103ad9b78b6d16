"""Many in one request: a result for each, and the same events as one by one."""

from __future__ import annotations

import pytest

from calls.ingestion import batch
from calls.models import Call, Person
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import Company, Event
from tests.support.api import ago, happened, program, ringing, wrong
from tests.support.events import bodies_of
from tests.support.factories import make_company, make_subscription, make_tracker
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/calls/batch/"


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def number(company) -> str:
    return make_tracker(company).phone_number


def send(company, items, url=URL, **headers):
    answer = program(company).post(url, {"items": items}, **headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_calls_come_in_with_their_events_people_and_tags(company, number):
    make_subscription(company, events=["pre_call", "post_call"])
    ended = ringing(
        number, ended_at=ago(minutes=1), tags=["Roof", "roof", "New"], external_source="pbx", external_id="1"
    )
    told = send(company, [ringing(number), ended])
    assert (told["created"], told["known"], told["refused"]) == (2, 0, 0)
    first, second = (result["resource_id"] for result in told["results"])
    assert happened(first) == ["pre_call"]
    assert happened(second) == ["post_call"]
    assert Person.objects.count() == 1
    (body,) = bodies_of(Call.objects.get(resource_id=second), "post_call")
    assert (body["tags"], body["prior_calls"]) == (["New", "Roof"], 1)


def test_what_is_wrong_is_told_and_keeps_nothing_else_out(company, number):
    items = [
        ringing(number),
        {**ringing(number), "direction": "sideways"},
        ringing("+14045550199"),
        "no object",
        ringing(number, external_id="1"),
        ringing(number, ended_at=ago(minutes=60)),
        ringing(number, colour="red"),
        ringing(number, note="The last one"),
    ]
    told = send(company, items)
    assert [result["status"] for result in told["results"]] == [201, 400, 400, 400, 400, 400, 400, 201]
    assert [error["pointer"] for result in told["results"] for error in result.get("errors", [])] == [
        "#/direction", "#/tracking_phone_number", "#", "#/external_source", "#/ended_at", "#/colour",
    ]  # fmt: skip
    assert (told["created"], told["refused"], Call.objects.count()) == (2, 6, 2)


def test_a_repeat_is_harmless_and_an_update_is_one(company, number):
    items = [ringing(number, external_source="pbx", external_id=str(n)) for n in range(3)]
    first = send(company, items)
    again = send(company, [*items, {**items[0], "ended_at": ago(seconds=30)}])
    assert (again["created"], again["known"]) == (0, 4)
    ids = [result["resource_id"] for result in first["results"]]
    assert [result["resource_id"] for result in again["results"]] == [*ids, ids[0]]
    assert happened(ids[0]) == ["pre_call", "post_call"]
    assert Call.objects.count() == 3


def test_the_same_call_twice_in_one_batch_is_one_call(company, number):
    key = {"external_source": "pbx", "external_id": "7"}
    told = send(company, [ringing(number, **key), ringing(number, **key, ended_at=ago(seconds=30))])
    assert [result["status"] for result in told["results"]] == [201, 200]
    assert happened(Call.objects.get().resource_id) == ["pre_call", "post_call"]


def test_batches_that_bring_the_same_calls_at_the_same_moment_make_each_once(company, number):
    """The insert of one meets the other's calls: all of that batch then goes one by one."""
    items = [ringing(number, external_source="pbx", external_id=str(n)) for n in range(20)]
    answers = at_once([lambda: send(company, items), lambda: send(company, items[::-1]), lambda: send(company, items)])
    assert sum(answer["created"] for answer in answers) == 20
    assert [answer["refused"] for answer in answers] == [0, 0, 0]
    assert Call.objects.count() == Event.objects.filter(type="pre_call").count() == 20


def test_it_may_be_repeated_under_an_idempotency_key(company, number):
    items, api = {"items": [ringing(number)]}, program(company)
    first = api.post(URL, items, HTTP_IDEMPOTENCY_KEY="batch-1").json()
    assert api.post(URL, items, HTTP_IDEMPOTENCY_KEY="batch-1").json() == first
    assert Call.objects.count() == 1


def test_more_than_a_chunk_keeps_its_order(company, number, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 3)
    items = [ringing(number, external_source="pbx", external_id=str(n)) for n in range(8)]
    told = send(company, items)
    ids = [Call.objects.get(resource_id=result["resource_id"]).external_id for result in told["results"]]
    assert ids == [str(n) for n in range(8)]


@pytest.mark.parametrize("items", [None, [], {}, [{}] * 1001])
def test_a_batch_has_one_to_a_thousand(company, items):
    assert "#/items" in wrong(program(company).post(URL, {"items": items}))


def test_texts_and_forms_too(company, number):
    text = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": "+12145550123"}
    told = send(company, [{**text, "content": "Hello"}, text], "/api/v1/texts/batch/")
    assert [result["status"] for result in told["results"]] == [201, 400]
    told = send(company, [{"form_data": {"name": "Ann"}}, {"form_data": 5}], "/api/v1/forms/batch/")
    assert [result["status"] for result in told["results"]] == [201, 400]
    assert (TextMessage.objects.count(), FormSubmission.objects.count()) == (1, 1)
    assert Event.objects.count() == 2


def test_another_companys_tracking_number_is_unknown(number):
    told = send(make_company("Other"), [ringing(number)])
    assert told["refused"] == 1
    assert not Call.objects.exists()


def test_it_takes_the_scope_ingest(company, number):
    answer = program(company, ["read", "manage"]).post(URL, {"items": [ringing(number)]})
    assert answer.status_code == 403
