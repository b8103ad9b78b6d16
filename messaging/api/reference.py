"""The API reference's words on texts."""

from __future__ import annotations

from calls.api.reference import OUTSIDE_IDS
from subscriptions.api.kit.reference import Operation, Resource

TEXTS = Resource(
    "Texts",
    "Report text messages that were sent or received.",
    {
        "list": Operation("List texts", "Returns text messages, the newest first. Filters combine."),
        "create": Operation(
            "Report a text",
            "Records a text message; `text_message_received` or `text_message_sent` is sent. A repeat with the same "
            "`external_source` and `external_id` returns the first one with 200. A text cannot be changed.",
        ),
        "retrieve": Operation("Show a text", "Returns one text message."),
        "batch": Operation(
            "Report many texts",
            "Takes 1 to 1,000 texts, each as in a single request. The answer has a result for each, in the same "
            "order. A text that is refused does not stop the others.",
        ),
    },
    ("TextMessage",),
    {
        **OUTSIDE_IDS,
        "resource_id": "The text's id.",
        "message_type": "`sms`, or `mms` if it has pictures or files.",
        "direction": "Who wrote: the customer (`inbound`) or you (`outbound`).",
        "tracker_resource_id": "The id of the tracking number.",
        "customer_phone_number": "The customer's number.",
        "person_resource_id": "The id of the customer.",
        "content": "The text, kept exactly: spaces, emoji and line ends too.",
        "media_urls": "Where its pictures and files are.",
        "sent_at": "When it was sent. Default: now.",
        "conversation_id": "The conversation's id in webhooks.",
        "thread_resource_id": "The id of the conversation with this customer at this tracking number.",
        "created_at": "When it was recorded here.",
    },
)
