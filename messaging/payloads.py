"""The bodies of text webhooks. An absent value is null."""

from __future__ import annotations

from operator import attrgetter as of

from calls.phones import dashed
from subscriptions.events.payload_fields import IntegerValue, ListValue, Payload, TextValue, format_time

from .models import TextMessage


def agent_name(text: TextMessage) -> str | None:
    """The name of the user whose conversation it is."""
    user = text.thread.assigned_to
    return (user.get_full_name() or user.get_username()) if user else None


def person_resource_id(text: TextMessage) -> str | None:
    """None for a sender without a phone number."""
    return text.thread.person.main.resource_id if text.thread.person else None


def _source(text: TextMessage) -> str:
    inbound = text.direction == TextMessage.Direction.INBOUND
    return dashed(text.customer_phone_number if inbound else text.tracker.phone_number)


def _destination(text: TextMessage) -> str:
    inbound = text.direction == TextMessage.Direction.INBOUND
    return dashed(text.tracker.phone_number if inbound else text.customer_phone_number)


class TextPayload(Payload):
    meanings = {
        "id": "The text's number.",
        "resource_id": "The text's id: SCI and 32 hex digits.",
        "agent": "Who the conversation is assigned to.",
        "source_number": "The number it came from, 214-555-0123 for +1 numbers.",
        "destination_number": "The number it went to.",
        "content": "The text, exactly as it was sent.",
        "timestamp": "When it was sent, with its offset.",
        "lead_status": "What the conversation was marked as.",
        "conversation_id": "Five letters and digits, the same for one customer and one tracking number.",
        "company_resource_id": "The company's id: COM and 32 hex digits.",
        "person_resource_id": "The customer's id: PER and 32 hex digits; null for a sender without a phone number.",
        "message_type": "sms, or mms when it has media.",
        "media_urls": "Where its pictures and other media are.",
    }

    id = IntegerValue(of("pk"))
    resource_id = TextValue(of("resource_id"))
    agent = TextValue(agent_name, allow_null=True)
    source_number = TextValue(_source)
    destination_number = TextValue(_destination)
    content = TextValue(of("content"))
    timestamp = TextValue(lambda text: format_time(text.sent_at, text.company.time_zone))
    lead_status = TextValue(lambda text: text.thread.lead_status or None, allow_null=True)
    conversation_id = TextValue(of("thread.conversation_id"))
    company_resource_id = TextValue(of("company.resource_id"))
    person_resource_id = TextValue(person_resource_id, allow_null=True)
    message_type = TextValue(lambda text: "mms" if text.media_urls else "sms")
    media_urls = ListValue(of("media_urls"))


class TextMessageSentPayload(TextPayload):
    keys = tuple(
        """
        id resource_id source_number destination_number content timestamp lead_status conversation_id
        company_resource_id person_resource_id message_type media_urls
        """.split()
    )


class TextMessageReceivedPayload(TextPayload):
    keys = tuple(
        """
        id resource_id agent source_number destination_number content timestamp lead_status conversation_id
        company_resource_id person_resource_id message_type media_urls
        """.split()
    )
