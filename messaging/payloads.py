"""The bodies of text webhooks. An absent value is null."""

from __future__ import annotations

from operator import attrgetter as of

from calls.phones import dashed
from subscriptions.payload_fields import Items, Payload, Text, Whole, moment

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
