"""Texts of senders without a phone number, of groups, and those by which customers ask for no more."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from callhooks_site.intake.providers.models import RefusedCallback
from calls.models import Person
from messaging.ingestion import record_text
from messaging.models import TextMessage, Thread
from messaging.opt_outs import read_opt_out
from subscriptions.models import Event
from tests.support import factories
from tests.support.admin import login
from tests.support.api import program
from tests.support.twilio import ACCOUNT, CUSTOMER, TRACKING, make_tracked_source, message, send, sid

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return make_tracked_source()


@pytest.mark.sample(every=2)
@pytest.mark.parametrize("sender", ["72645", "ACME Bank", "rcs:acme_bank_agent", "messenger:100012145550123"])
def test_a_sender_without_a_phone_number(source, sender):
    for _ in range(2):
        send(source, "message", message(sid("SM"), From=sender, Body="Your code is 1234."))
    assert not RefusedCallback.objects.exists()
    assert not Person.objects.exists()
    thread = Thread.objects.get()
    assert (thread.address, thread.texts.count()) == (sender, 2)
    body = json.loads(bytes(Event.objects.last().body))
    assert (body["source_number"], body["person_resource_id"]) == (sender, None)
    assert body["conversation_id"] == thread.conversation_id
    admin = login(factories.make_member(source.company))
    for address in (
        reverse("admin:messaging_thread_change", args=[thread.pk]),
        reverse("admin:messaging_thread_changelist") + f"?q={sender}",
        reverse("admin:messaging_textmessage_changelist") + f"?q={sender}",
    ):
        page = admin.get(address, follow=True)
        assert page.status_code == 200
        assert sender in page.content.decode().replace(f'value="{sender}"', "")
    listed = program(source.company).get("/api/v1/texts/").json()["results"]
    assert {(text["customer_phone_number"], text["person_resource_id"]) for text in listed} == {(sender, None)}


@pytest.mark.parametrize("ours", ["72645", "ACME", "rcs:acme_agent"])
def test_texts_by_the_company_s_own_short_code_or_agent(source, ours):
    factories.make_tracker(source.company, phone_number=ours)
    send(source, "message", message(sid("SM"), From=f"rcs:{CUSTOMER}", To=ours))
    sent = {"MessageSid": sid("SM"), "MessageStatus": "delivered", "AccountSid": ACCOUNT, "From": ours, "To": CUSTOMER}
    send(source, "message-status", sent, query="content=Hi")
    assert set(TextMessage.objects.values_list("direction", "customer_phone_number", "tracker__phone_number")) == {
        ("inbound", CUSTOMER, ours),
        ("outbound", CUSTOMER, ours),
    }


def test_what_has_no_text_but_a_button_or_a_place(source):
    send(source, "message", message(sid("SM"), From=f"rcs:{CUSTOMER}", Body="", ButtonText="Yes, Thursday"))
    place = {"Body": "", "Latitude": "33.75", "Longitude": "-84.39", "Label": "Office"}
    send(source, "message", message(sid("SM"), From=f"whatsapp:{CUSTOMER}", **place))
    assert set(TextMessage.objects.values_list("content", flat=True)) == {"Yes, Thursday", "Office\n33.75, -84.39"}


@pytest.mark.parametrize("sender", ["Anonymous", "+266696687", "", "+1214555"])
def test_a_sender_that_is_none_is_refused(source, sender):
    send(source, "message", message(sid("SM"), From=sender))
    assert not TextMessage.objects.exists()
    assert RefusedCallback.objects.get().reason == "malformed"


def test_the_others_of_a_group_mms_are_kept(source):
    group = {"OtherRecipients0": "+12145550130", "OtherRecipients1": "+12145550131", "OtherRecipients3": "72645"}
    send(source, "message", message(sid("MM"), **group))
    text = TextMessage.objects.get()
    assert text.other_recipients == ["+12145550130", "+12145550131", "72645"]
    admin = login(factories.make_member(source.company))
    page = admin.get(reverse("admin:messaging_textmessage_change", args=[text.pk])).content.decode()
    assert "214-555-0130, 214-555-0131, 72645" in page


@pytest.mark.parametrize(
    ("content", "told", "meant"),
    [("STOP", "", True), (" stop. ", "", True), ("Stop all", "", True), ("Unsubscribe", "", True), ("START", "", False),
     ("Yes", "", False), ("Please stop by at noon", "", None), ("", "", None), ("BASTA", "STOP", True),
     ("STOP", "HELP", None)],
)  # fmt: skip
def test_which_texts_are_requests(content, told, meant):
    assert read_opt_out(content, told) is meant


def test_stop_and_start_mark_the_conversation_and_show(source):
    admin = login(factories.make_member(source.company))
    send(source, "message", message(sid("SM"), Body="Hello"))
    thread = Thread.objects.get()
    page = reverse("admin:messaging_thread_change", args=[thread.pk])
    assert not thread.opted_out
    send(source, "message", message(sid("SM"), Body="STOP", OptOutType="STOP"))
    thread.refresh_from_db()
    assert thread.opted_out
    assert "the customer sent STOP" in admin.get(page).content.decode()
    assert "Opted out" in admin.get(reverse("admin:messaging_thread_changelist")).content.decode()
    send(source, "message", message(sid("SM"), Body="START", OptOutType="START"))
    thread.refresh_from_db()
    assert not thread.opted_out
    assert "the customer sent START" in admin.get(page).content.decode()


def test_of_two_requests_the_later_counts_in_whatever_order_they_come(source):
    now = timezone.now()

    def tell(number, content, ago, direction="inbound"):
        record_text(company=source.company, data={
            "direction": direction, "tracking_phone_number": TRACKING, "customer_phone_number": CUSTOMER,
            "content": content, "sent_at": now - timedelta(minutes=ago), "external_source": "x", "external_id": number,
        })  # fmt: skip

    tell("1", "start", 5)
    assert Thread.objects.get().opt_out_changed_at is None, "nothing had been stopped"
    tell("2", "stop", 3)
    tell("3", "start", 4)
    assert Thread.objects.get().opted_out
    tell("4", "start", 1, direction="outbound")
    assert Thread.objects.get().opted_out, "the company cannot ask for texts"
    tell("5", "start", 2)
    assert not Thread.objects.get().opted_out


def test_the_time_at_which_we_heard_of_a_text_gives_way_to_one_that_is_reported(source):
    one = sid("SM")
    send(source, "message", message(one))
    sent_at = timezone.now() - timedelta(seconds=30)
    data = {"direction": "inbound", "tracking_phone_number": TRACKING, "customer_phone_number": CUSTOMER,
            "content": "Is Thursday fine?", "external_source": "twilio", "external_id": one}  # fmt: skip
    for given in ({**data, "sent_at": sent_at}, {**data, "sent_at": timezone.now()}, data):
        assert record_text(company=source.company, data=given)[1] is False
    text = TextMessage.objects.get()
    assert (text.sent_at, text.thread.last_message_at) == (sent_at, sent_at)
    assert Event.objects.count() == 1
