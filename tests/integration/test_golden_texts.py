"""Text Message Sent and Text Message Received, byte for byte."""

from datetime import UTC, datetime

import pytest

from messaging.models import TextMessage
from tests.support.events import bodies_of
from tests.support.factories import make_company, make_member, make_text, make_tracker
from tests.support.golden import assert_body, assert_keys, body_of

pytestmark = pytest.mark.django_db

SENT_KEYS = """
id resource_id source_number destination_number content timestamp lead_status conversation_id company_resource_id
person_resource_id message_type media_urls
""".split()
RECEIVED_KEYS = """
id resource_id agent source_number destination_number content timestamp lead_status conversation_id
company_resource_id person_resource_id message_type media_urls
""".split()

RECEIVED_FULL = r"""
{"id":<id>,
"resource_id":"<text>",
"agent":"Zoë Example",
"source_number":"770-555-0155",
"destination_number":"404-555-0114",
"content":"  Grüezi 👋🏽!\r\n\n\t\"now\" \\ ’ ",
"timestamp":"2026-03-08T01:59:59.236-05:00",
"lead_status":"good_lead",
"conversation_id":"<conversation>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"mms",
"media_urls":["https://example.com/roof.jpg","https://example.com/ä.jpg"]}
"""

RECEIVED_EMPTIEST = """
{"id":<id>,
"resource_id":"<text>",
"agent":null,
"source_number":"+442079460018",
"destination_number":"404-555-0114",
"content":"",
"timestamp":"2026-03-08T03:00:00.000-04:00",
"lead_status":null,
"conversation_id":"<conversation>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"sms",
"media_urls":[]}
"""

SENT_FULL = r"""
{"id":<id>,
"resource_id":"<text>",
"source_number":"404-555-0114",
"destination_number":"770-555-0155",
"content":"  Grüezi 👋🏽!\r\n\n\t\"now\" \\ ’ ",
"timestamp":"2026-03-08T01:59:59.236-05:00",
"lead_status":"good_lead",
"conversation_id":"<conversation>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"mms",
"media_urls":["https://example.com/roof.jpg","https://example.com/ä.jpg"]}
"""

SENT_EMPTIEST = """
{"id":<id>,
"resource_id":"<text>",
"source_number":"404-555-0114",
"destination_number":"+442079460018",
"content":"",
"timestamp":"2026-03-08T03:00:00.000-04:00",
"lead_status":null,
"conversation_id":"<conversation>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"sms",
"media_urls":[]}
"""
CONTENT = '  Grüezi 👋🏽!\r\n\n\t"now" \\ ’ '


def ids(text: TextMessage) -> dict:
    return {
        "id": text.pk,
        "text": text.resource_id,
        "conversation": text.thread.conversation_id,
        "company": text.company.resource_id,
        "person": text.thread.person.resource_id,
    }


def full_text(direction: str) -> TextMessage:
    """A text in a conversation that is assigned to somebody and scored."""
    company = make_company()
    tracker = make_tracker(company, phone_number="+14045550114")
    thread = make_text(company, tracker, customer_phone_number="+17705550155").thread
    user = make_member(company)
    user.first_name, user.last_name = "Zoë", "Example"
    user.save()
    thread.assigned_to = user
    thread.lead_status = "good_lead"
    thread.save()
    return make_text(
        company,
        tracker,
        direction=direction,
        customer_phone_number="(770) 555-0155",
        content=CONTENT,
        media_urls=["https://example.com/roof.jpg", "https://example.com/ä.jpg"],
        sent_at=datetime(2026, 3, 8, 6, 59, 59, 236_000, tzinfo=UTC),
    )


def emptiest_text(direction: str) -> TextMessage:
    company = make_company()
    return make_text(
        company,
        make_tracker(company, phone_number="+14045550114"),
        direction=direction,
        customer_phone_number="+44 20 7946 0018",
        content="",
        sent_at=datetime(2026, 3, 8, 7, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("direction", "event_type", "full", "emptiest"),
    [
        ("inbound", "text_message_received", RECEIVED_FULL, RECEIVED_EMPTIEST),
        ("outbound", "text_message_sent", SENT_FULL, SENT_EMPTIEST),
    ],
)
def test_texts(direction, event_type, full, emptiest):
    text = full_text(direction)
    assert_body(body_of(text, event_type), full, **ids(text))
    text = emptiest_text(direction)
    assert_body(body_of(text, event_type), emptiest, **ids(text))


def test_exactly_these_keys_in_this_order():
    assert_keys(body_of(full_text("outbound"), "text_message_sent"), SENT_KEYS)
    assert_keys(body_of(full_text("inbound"), "text_message_received"), RECEIVED_KEYS)


def test_the_agents_name_where_there_is_no_full_name():
    text = emptiest_text("inbound")
    text.thread.assigned_to = make_member(text.company, username="ann@example.com")
    text.thread.save()
    again = make_text(text.company, text.tracker, customer_phone_number=text.customer_phone_number)
    assert bodies_of(again, "text_message_received")[0]["agent"] == "ann@example.com"


def test_ids_are_three_letters_and_32_hex_digits():
    body = bodies_of(full_text("inbound"), "text_message_received")[0]
    assert isinstance(body["id"], int)
    for key, prefix in (("resource_id", "SCI"), ("company_resource_id", "COM"), ("person_resource_id", "PER")):
        assert body[key][:3] == prefix
        assert len(body[key]) == 35
        assert set(body[key][3:]) <= set("0123456789abcdef")
