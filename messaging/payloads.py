"""The bodies of text webhooks. An absent value is null."""

from __future__ import annotations

from operator import attrgetter as of

from calls.phones import dashed
from subscriptions.events.payload_fields import Items, Payload, Text, Whole, moment

from .models import TextMessage


def _agent(text: TextMessage) -> str | None:
    user = text.thread.assigned_to
    return (user.get_full_name() or user.get_username()) if user else None


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
        "content": "The text, exactly as it was.",
        "timestamp": "When it was sent, with its offset.",
        "lead_status": "What the conversation was marked as.",
        "conversation_id": "Five letters and digits, the same for one customer and one tracking number.",
        "company_resource_id": "The company's id: COM and 32 hex digits.",
        "person_resource_id": "The customer's id: PER and 32 hex digits.",
        "message_type": "sms, or mms when it has media.",
        "media_urls": "Where its pictures and other media are.",
    }

    id = Whole(of("pk"))
    resource_id = Text(of("resource_id"))
    agent = Text(_agent, allow_null=True)
    source_number = Text(_source)
    destination_number = Text(_destination)
    content = Text(of("content"))
    timestamp = Text(lambda text: moment(text.sent_at, text.company.time_zone))
    lead_status = Text(lambda text: text.thread.lead_status or None, allow_null=True)
    conversation_id = Text(of("thread.conversation_id"))
    company_resource_id = Text(of("company.resource_id"))
    person_resource_id = Text(of("thread.person.resource_id"))
    message_type = Text(lambda text: "mms" if text.media_urls else "sms")
    media_urls = Items(of("media_urls"))


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
