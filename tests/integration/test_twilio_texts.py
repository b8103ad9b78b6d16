"""Twilio's messaging callbacks become texts, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callhooks_site.intake.providers.models import RefusedCallback
from messaging.models import TextMessage
from subscriptions.models import Event
from tests.support.twilio import ACCOUNT, CUSTOMER, TRACKING, make_tracked_source, message, send, sid

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return make_tracked_source()


def events():
    return list(Event.objects.order_by("created_at").values_list("type", flat=True))


def status(message_sid, state, **more):
    return {
        "MessageSid": message_sid, "SmsSid": message_sid, "MessageStatus": state, "SmsStatus": state,
        "AccountSid": ACCOUNT, "From": TRACKING, "To": CUSTOMER, "ApiVersion": "2010-04-01", **more,
    }  # fmt: skip


def test_a_text_that_comes_in_twice_is_one(source):
    one = message(sid("SM"), Body="Hi \n👩‍👩‍👧 + ü", NumMedia=2, MediaUrl0="https://media.example.com/0",
                  MediaUrl1="https://media.example.com/1", MediaContentType0="image/jpeg")  # fmt: skip
    for _ in range(2):
        answer = send(source, "message", one, **{"I-Twilio-Idempotency-Token": "a"})
        assert answer.headers["Content-Type"].startswith("text/xml")
        assert answer.content.endswith(b"<Response></Response>")
    text = TextMessage.objects.get()
    assert (text.content, text.customer_phone_number) == ("Hi \n👩‍👩‍👧 + ü", CUSTOMER)
    assert text.media_urls == ["https://media.example.com/0", "https://media.example.com/1"]
    assert timezone.now() - text.sent_at < timedelta(minutes=1)
    assert events() == ["text_message_received"]


def test_a_text_that_goes_out_once_it_is_sent(source):
    one = sid("SM")
    query = "content=See%20you%20%F0%9F%91%8D&media=https%3A%2F%2Fmedia.example.com%2F0"
    for state in ("queued", "delivered", "sent", "sent", "read"):
        assert send(source, "message-status", status(one, state), query=query).status_code == 204
    text = TextMessage.objects.get()
    assert (text.direction, text.content) == ("outbound", "See you 👍")
    assert text.media_urls == ["https://media.example.com/0"]
    assert events() == ["text_message_sent"]


def test_a_text_that_never_left_is_none(source):
    for state in ("queued", "failed", "undelivered"):
        send(source, "message-status", status(sid("SM"), state, ErrorCode="30003"), query="content=x")
    assert not TextMessage.objects.exists()
    assert not RefusedCallback.objects.exists()


def test_a_text_without_its_words_is_told(source):
    send(source, "message-status", status(sid("SM"), "sent"))
    row = RefusedCallback.objects.get()
    assert row.reason == "no_content"
    assert "?content=" in row.detail


def test_stop_and_whatsapp(source):
    send(source, "message", message(sid("SM"), Body="STOP", OptOutType="STOP"))
    send(source, "message", message(sid("SM"), From=f"whatsapp:{CUSTOMER}", To=f"whatsapp:{TRACKING}"))
    assert set(TextMessage.objects.values_list("customer_phone_number", "content")) == {
        (CUSTOMER, "STOP"),
        (CUSTOMER, "Is Thursday fine?"),
    }
