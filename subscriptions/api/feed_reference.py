"""The API reference's words on the feed and its consumers."""

from __future__ import annotations

from .kit.reference import Operation, Resource

_CURSOR = "A place in the feed. Send it as `after` to go on from there."

FEED = Resource(
    "Feed",
    "Every event of the company in one order without gaps: pages, long polling or server-sent events.",
    {
        "list": Operation(
            "Read the feed",
            "Returns events with body and signatures from a place on, the oldest first. Store `cursor` when you have "
            "what you read, and send it as `after` next time. With `wait` the answer comes when there is an event. "
            "With `Accept: text/event-stream` it is a stream of server-sent events, which ends after a minute: "
            "connect again with `Last-Event-ID`. 410: what follows that place was deleted; begin anew. 429: too many "
            "requests wait.",
        ),
    },
    ("FeedEvent", "FeedPage"),
    {
        "type": "The name of the event type.",
        "sequence": "Its number among the events of the same call, text or form.",
        "created_at": "When it happened.",
        "payload_version": "Which keys the body has. Null if there is no body.",
        "results": "The events, the oldest first.",
    },
)

FEED_CONSUMERS = Resource(
    "Feed consumers",
    "Readers of the feed whose place is kept here.",
    {
        "list": Operation("List consumers", "Returns the company's consumers and how far each has come."),
        "create": Operation(
            "Add a consumer",
            "Keeps the place of a reader under a name. It begins with the oldest event unless `cursor` says otherwise.",
            conflict="There is a consumer of that name, or as many as a company may have.",
        ),
        "retrieve": Operation("Show a consumer", "Returns one consumer and how far it has come."),
        "partial_update": Operation("Move a consumer", "Moves its place, forward or back."),
        "destroy": Operation("Remove a consumer", "Forgets its place. No event is deleted."),
        "acknowledge": Operation(
            "Acknowledge events",
            "Says up to where the reader has stored what it read. One that is late or repeated never moves the place "
            "back.",
        ),
    },
    ("FeedConsumer",),
    {
        "name": "The consumer's name: small letters, digits, - and _.",
        "cursor": _CURSOR,
        "acknowledged_at": "When its place last moved by an acknowledgement. Null: never.",
        "heard_at": "When it last read or acknowledged, to the minute. Null: never.",
        "created_at": "When it was added.",
    },
    parts={"name": "The consumer's name."},
)
