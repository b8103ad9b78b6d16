"""The API reference's words on a person's data."""

from __future__ import annotations

from subscriptions.api.kit.reference import Operation, Resource

ERASURES = Resource(
    "Privacy",
    "A person's data: erased everywhere in the company, or handed out.",
    {
        "list": Operation("List erasures", "Returns erasures, the newest first. Each is its certificate."),
        "create": Operation(
            "Erase a person",
            "Erases a person everywhere in the company: calls, texts, forms, stored webhooks with their attempts, and "
            "whatever else names them. It runs in the background and cannot be undone. Webhooks that wait are "
            "cancelled. With `count_only` nothing is done: the answer says what would be erased, and which erasures of "
            "this person there were before.",
            "This person is being erased already, or too many people are.",
        ),
        "retrieve": Operation(
            "Show an erasure", "Returns its progress, and once `state` is `done` the certificate. It names nobody."
        ),
    },
    ("Erasure", "ErasureCount"),
    {
        "id": "The erasure's id.",
        "state": "`running` or `done`.",
        "progress": "The step that it is at; null once it is done.",
        "requested_by": "Who asked for it.",
        "created_at": "When it was asked for. What came in later belongs to a new person.",
        "finished_at": "When it was done.",
        "person": "A hash of each number and address: a later request is matched by them.",
        "person_is": "How the hashes are made.",
        "erased": "How many rows by kind.",
        "kept": "What stays, in words.",
        "files_elsewhere": "Servers that recordings and pictures were linked from, and how many. Delete them there.",
        "looked_through": "How many rows of others were read for mentions.",
        "counts": "What would be erased, by kind; 10,000 stands for as many or more.",
        "earlier": "Erasures of this person before.",
    },
)

EXPORTS = Resource(
    "Privacy",
    ERASURES.about,
    {
        "retrieve": Operation(
            "Export a person",
            "Returns all that there is about one person: calls, texts, forms, and each webhook about them with where "
            "it went. The answer is written while it is read. The list of people has the ids, by number or address.",
        ),
    },
    parts={"resource_id": "The person's id."},
)
