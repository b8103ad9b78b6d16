"""What the bar below the list offers for the marked rows."""

from __future__ import annotations

from typing import Any

from calls.models import Call, Tag

MOST_TAGS = 100
# What a call can be said to be: the words of the button, the columns, and how a message says it.
MARKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "good_lead": ("Good lead", {"lead_status": Call.LeadStatus.GOOD, "spam": False}, "a good lead"),
    "not_a_lead": ("Not a lead", {"lead_status": Call.LeadStatus.NOT}, "not a lead"),
    "spam": ("Spam", {"spam": True}, "spam"),
}


def list_choices(company: int) -> dict[str, Any]:
    """The company's tags, and what a call can be."""
    tags = Tag.objects.filter(company=company, active=True).order_by("name").values_list("pk", "name")
    return {"tags": list(tags[:MOST_TAGS]), "marks": [(name, words) for name, (words, _, _) in MARKS.items()]}
