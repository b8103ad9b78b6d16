"""The API reference's words on alert destinations."""

from __future__ import annotations

from .kit.reference import Operation, Resource

ALERT_DESTINATIONS = Resource(
    "Alert destinations",
    "Chats, webhooks and mail addresses that hear when a subscription fails and recovers.",
    {
        "list": Operation("List alert destinations", "Returns the company's own, not those of single persons."),
        "create": Operation(
            "Add an alert destination",
            "Adds a chat, a webhook or a member's mail address. Choose what it tells with `alerts`, and of which "
            "subscriptions. Send a test to see it arrive.",
        ),
        "retrieve": Operation("Show an alert destination", "Returns one destination. Its URL is not shown in full."),
        "partial_update": Operation(
            "Change an alert destination", "Sets the fields that are in the body. `kind` cannot change."
        ),
        "destroy": Operation("Remove an alert destination", "Nothing is told to it any more."),
        "test": Operation("Send a test alert", "Sends an invented alert to this destination."),
        "secret": Operation(
            "Show an alert destination's secret",
            "Returns the secret that signs its alerts, and writes into the audit log that it was seen. The key also "
            "needs the scope `read`.",
        ),
    },
    ("AlertDestination",),
    {
        "resource_id": "The destination's id.",
        "name": "What it is called in lists.",
        "created_at": "When it was added.",
    },
)
