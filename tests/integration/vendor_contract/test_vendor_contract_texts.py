"""Contract 9: conversations and threads of texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from calls.models import Tag
from messaging.models import TextMessage, Thread
from tests.support.contract_client import check_envelope
from tests.support.contract_shapes import (
    CONVERSATION,
    CONVERSATION_HEAD,
    RECENT_MESSAGE,
    THREAD,
    THREAD_MESSAGE,
    THREAD_SELECTABLE,
    UTC,
    check,
)
from tests.support.factories import make_text, make_tracker

OUT = TextMessage.Direction.OUTBOUND


@pytest.fixture
def thread(company):
    """Three texts: two received, one with a picture, and one sent."""
    tracker = make_tracker(company, phone_number="+14045550100")
    start = timezone.now() - timedelta(hours=3)
    make_text(company, tracker, content="First", sent_at=start)
    make_text(
        company, tracker, content="Look", media_urls=["https://example.com/1.jpg"], sent_at=start + timedelta(hours=1)
    )
    text = make_text(company, tracker, content="Last", direction=OUT, sent_at=start + timedelta(hours=2))
    return text.thread


def test_a_conversation(client, thread):
    (listed,) = check_envelope("text-messages", client.get("text-messages"))
    check(CONVERSATION, listed)
    assert listed["id"] == thread.conversation_id
    assert (listed["customer_phone_number"], listed["state"]) == ("+12145550123", "active")
    assert (listed["formatted_customer_phone_number"], listed["formatted_initial_tracking_number"]) == (
        "214-555-0123", "404-555-0100",
    )  # fmt: skip
    for message in listed["recent_messages"]:
        check(RECENT_MESSAGE, message)
    found = [(message["direction"], message["content"], message["type"]) for message in listed["recent_messages"]]
    assert found == [("outgoing", "Last", "sms"), ("incoming", "Look", "mms")]


def test_selected_fields(client, thread):
    (listed,) = client.get("text-messages", fields="lead_status,source")["conversations"]
    check({**CONVERSATION, "lead_status": [str, None], "source": [str, None]}, listed)


def test_one_conversation_has_pages_of_messages(client, thread):
    body = client.get(f"text-messages/{thread.conversation_id}", per_page=2)
    paging = {"page": int, "per_page": int, "total_pages": int, "total_records": int}
    check({**CONVERSATION_HEAD, **paging, "messages": list}, body)
    assert (body["total_records"], body["total_pages"], len(body["messages"])) == (3, 2, 2)
    rest = client.get(f"text-messages/{thread.conversation_id}", per_page=2, page=2)["messages"]
    messages = body["messages"] + rest
    assert len({message["id"] for message in messages}) == 3
    for message in messages:
        assert type(message["id"]) is int
        assert set(message) >= {"id", "content", "created_at", "status", "direction", "type", "media_urls"}
        assert message["type"].lower() in ("sms", "mms")
        assert message["status"] in (None, "sent", "error")
        assert UTC.fullmatch(message["created_at"])


def test_pictures_are_fetched_with_the_key(client, thread):
    listed = client.get("text-messages")["conversations"][0]["recent_messages"][1]
    (url,) = listed["media_urls"]
    if "/media/" in url:
        place = url.partition("localhost")[2]
        assert Client().get(place, HTTP_HOST="localhost").status_code == 401


SEARCHES: Any = [("2145550123", 1), ("+12145550123", 1), ("Ann", 1), ("ann", 1), ("2145550199", 0), ("zzz", 0)]


def test_searches(client, thread):
    for search, count in SEARCHES:
        thread.person.name = "Ann Example"
        thread.person.save()
        assert client.get("text-messages", search=search)["total_records"] == count
        assert client.get("sms-threads", search=search)["total_records"] == count


def test_a_conversation_is_archived(client, thread):
    assert client.put(f"text-messages/{thread.conversation_id}", {"state": "archived"})["state"] == "archived"
    assert client.get("text-messages")["conversations"][0]["state"] == "archived"
    assert client.put(f"text-messages/{thread.conversation_id}", {"state": "active"})["state"] == "active"
    assert client.put(f"text-messages/{thread.conversation_id}", {"state": "lost"}, 400)


def test_a_thread(client, thread):
    (listed,) = check_envelope("sms-threads", client.get("sms-threads"))
    check(THREAD, listed)
    assert listed["id"] == thread.resource_id
    (more,) = client.get("sms-threads", fields=",".join(THREAD_SELECTABLE))["sms_threads"]
    check({**THREAD, **THREAD_SELECTABLE}, more)


def test_one_thread_has_messages(client, thread):
    paging = {"page": int, "per_page": int, "total_pages": int, "total_records": int}
    body = client.get(f"sms-threads/{thread.resource_id}")
    check({**THREAD, **paging, "messages": list}, body)
    for message in body["messages"]:
        check(THREAD_MESSAGE, message, also=("error",))
    with_errors = client.get(f"sms-threads/{thread.resource_id}", with_msg_errors="true")["messages"]
    for message in with_errors:
        check({**THREAD_MESSAGE, "error": [str, None]}, message)
    assert client.get(f"sms-threads/{thread.resource_id}", per_page=250)["per_page"] == 100


def test_a_thread_is_changed(client, thread):
    place = f"sms-threads/{thread.resource_id}"
    body = client.put(
        place, {"notes": "Call back", "value": "$5.00", "tags": ["hot"], "lead_qualification": "good_lead"}
    )
    check(THREAD, body)
    assert [body[name] for name in ("notes", "value", "tags", "lead_qualification")] == [
        "Call back", 5, ["hot"], "good_lead",
    ]  # fmt: skip
    body = client.put(place, {"tags": ["cold"], "append_tags": True, "lead_qualification": None})
    assert (set(body["tags"]), body["lead_qualification"], body["notes"]) == ({"hot", "cold"}, None, "Call back")
    assert client.get("sms-threads", search="cold")["total_records"] == 1
    for bad in ({"lead_qualification": "x"}, {"value": "x"}, {"tags": 5}, {"notes": []}):
        assert client.put(place, bad, 400)


def test_nothing_of_somebody_else(client, company, thread):
    other = make_text(company.__class__.objects.create(name="Other"), content="secret").thread
    assert client.get(f"text-messages/{other.conversation_id}", 404)
    assert client.get(f"sms-threads/{other.resource_id}", 404)
    assert client.put(f"sms-threads/{other.resource_id}", {"notes": "x"}, 404)
    assert Thread.objects.get(pk=other.pk).note == ""
    assert not Tag.objects.exists()
