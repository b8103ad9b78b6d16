"""The API reference's words on manifests."""

from __future__ import annotations

from .kit.reference import Operation, Resource

MANIFESTS = Resource(
    "Manifests",
    "What a subscription was to get on a day, signed, for its receiver to check that it has everything.",
    {
        "list": Operation("List manifests", "Returns the days that have a manifest. A day without events has none."),
        "retrieve": Operation(
            "Show a manifest",
            "Returns the manifest of a day. It names the hash of each of its pages, and that of the manifest before "
            "it. It is signed like a webhook: verify the headers over the exact bytes of the body.",
        ),
        "page": Operation(
            "Read a page of a manifest",
            "Returns up to 10,000 events as lines of JSON, each `[id, type, subject, sequence, SHA-256 of the body, "
            "outcome]`. The manifest has the SHA-256 of these bytes.",
        ),
    },
    ("Manifest", "ManifestDocument"),
    {
        "subscription": "The subscription's id.",
        "company": "The company's id.",
        "day": "The day, in UTC.",
        "number": "Its place among the subscription's manifests, from 1.",
        "events": "How many events it lists.",
        "delivered": "How many of them had been delivered when it was made.",
        "made_at": "When it was made, some hours after the end of the day.",
    },
    parts={
        "resource_id": "The subscription's id.",
        "day": "The day, in UTC: `2026-11-29`.",
        "number": "The number of the page, from 1.",
    },
)
