"""The API reference's words on issues."""

from __future__ import annotations

from .kit.reference import Operation, Resource

_SOLVED = "It is solved already."

ISSUES = Resource(
    "Issues",
    "Times in which a subscription's server accepted nothing: since when, what it answered, who is on it.",
    {
        "list": Operation(
            "List issues",
            "Returns the company's issues, the newest first. `state=open` has those that nobody is on yet.",
        ),
        "retrieve": Operation("Show an issue", "Returns one issue."),
        "partial_update": Operation(
            "Write an issue's note", "Sets `note`, which people read in the admin. The other fields cannot change."
        ),
        "acknowledge": Operation(
            "Acknowledge an issue",
            "Says that somebody is on it: it is no longer among the things to do, and the emails that it fails stop. "
            "Whoever said so first stays in `acknowledged_name`.",
            conflict=_SOLVED,
        ),
        "solve": Operation(
            "Solve an issue",
            "Closes it by hand. It is also solved when the server accepts a webhook again. If the server refuses "
            "another one, a new issue is opened.",
            conflict=_SOLVED,
        ),
    },
    ("Issue",),
    {
        "id": "The issue's id.",
        "subscription": "The id of the subscription whose server it is.",
        "opened_at": "Since when the server has accepted nothing.",
        "again": "How often it failed again within an hour after it was solved.",
        "acknowledged_at": "When somebody acknowledged it. Null: nobody has.",
        "acknowledged_name": "Who acknowledged it: a member, or an API key. Empty: nobody has.",
        "note": "For your colleagues, at most 1,000 characters.",
        "solved_at": "When it was solved. Null: it is not.",
        "solved_name": "Who marked it as solved. Empty: it was solved by itself, or is not.",
    },
)
