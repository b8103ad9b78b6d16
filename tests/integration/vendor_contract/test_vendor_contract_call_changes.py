"""Contract 5.4: what a PUT changes in a call."""

from __future__ import annotations

from typing import Any

import pytest

from calls.models import Call, Tag
from tests.support.contract_shapes import CALL, check
from tests.support.factories import START, ended_call, make_tracker

FIELDS = "tags,note,value,lead_status"


@pytest.fixture
def call(company):
    return ended_call(company, make_tracker(company), note="Before", value="5")


def changed(client, call, body, code=200):
    answer = client.put(f"calls/{call.resource_id}", body, code)
    if code == 200:
        check(CALL, answer, also=("agent_email",))
        return client.get(f"calls/{call.resource_id}", fields=FIELDS)
    return answer


def test_new_tags_replace_the_old_and_are_created(client, company, call):
    call.tags.add(Tag.objects.create(company=company, name="old"))
    assert changed(client, call, {"tags": ["new", "newer"]})["tags"] == ["new", "newer"]
    assert set(company.tags.values_list("name", flat=True)) == {"old", "new", "newer"}


def test_tags_are_appended(client, company, call):
    call.tags.add(Tag.objects.create(company=company, name="old"))
    assert set(changed(client, call, {"tags": ["new"], "append_tags": True})["tags"]) == {"old", "new"}
    assert changed(client, call, {"tags": ["last"], "append_tags": False})["tags"] == ["last"]


@pytest.mark.parametrize("nothing", [[], None, ""], ids=["list", "null", "text"])
def test_tags_are_cleared(client, company, call, nothing):
    call.tags.add(Tag.objects.create(company=company, name="old"))
    assert changed(client, call, {"tags": nothing})["tags"] == []


def test_a_tag_is_known_whatever_its_case(client, company, call):
    Tag.objects.create(company=company, name="Hot")
    assert changed(client, call, {"tags": ["hot"]})["tags"] == ["Hot"]


VALUES: Any = [("$1.00", 1), ("1.00", 1), ("$1,234.50", 1234.5), (7, 7), (2.5, 2.5), (None, None), ("", None)]


def test_values(client, call):
    for value, expected in VALUES:
        assert changed(client, call, {"value": value})["value"] == expected


def test_notes(client, call):
    assert changed(client, call, {"note": "After"})["note"] == "After"
    assert changed(client, call, {"note": None})["note"] is None
    changed(client, call, {"note": "After"})
    assert changed(client, call, {"note": ""})["note"] is None


def test_what_is_missing_stays(client, call):
    found = changed(client, call, {"lead_status": "good_lead"})
    assert (found["note"], found["value"], found["lead_status"]) == ("Before", 5, "good_lead")
    assert changed(client, call, {})["note"] == "Before"


@pytest.mark.parametrize("status", ["good_lead", "not_a_lead", None])
def test_lead_status(client, call, status):
    assert changed(client, call, {"lead_status": status})["lead_status"] == status


def test_a_customer_has_a_name(client, call):
    assert client.put(f"calls/{call.resource_id}", {"customer_name": "Ann"})["customer_name"] == "Ann"


def test_spam_hides_a_call(client, call):
    assert client.put(f"calls/{call.resource_id}", {"spam": True})["id"] == call.resource_id
    assert client.get(f"calls/{call.resource_id}", 404)
    assert client.get("calls", date_range="all_time")["calls"] == []
    assert client.put(f"calls/{call.resource_id}", {"spam": False}, 404)


def test_a_good_lead_is_marked_once(client, company, call):
    changed(client, call, {"lead_status": "good_lead"})
    second = ended_call(company, call.tracker, start_time=START.replace(hour=20))
    assert (
        client.get(f"calls/{second.resource_id}", fields="lead_status")["lead_status"] == "previously_marked_good_lead"
    )
    assert changed(client, second, {"lead_status": "good_lead"}, 400)


BAD = [
        {"lead_status": "excellent"}, {"value": "a lot"}, {"value": "-5"}, {"tags": [1]}, {"tags": [None]},
        {"note": {"a": 1}}, {"customer_name": ["x"]}, {"append_tags": "perhaps", "tags": ["x"]}, {"spam": "x"},
        {"value": True}, {"value": "1e400"}, {"value": "NaN"}, {"tags": ["x" * 1000]}, {"customer_name": "x" * 5000},
        {"note": "a\x00b"},
    ]  # fmt: skip


def test_what_a_call_cannot_have(client, call):
    for body in BAD:
        before = Call.objects.values().get(pk=call.pk)
        assert client.ask("PUT", f"calls/{call.resource_id}", body).status in (400, 422)
        assert Call.objects.values().get(pk=call.pk) == before
