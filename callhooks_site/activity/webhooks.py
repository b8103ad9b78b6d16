"""Whether the webhooks of calls, texts and forms arrived: one state for each, the one that needs somebody first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q

from subscriptions.models import Delivery

State = Delivery.State
TRIED = Q(attempts__gt=0)


@dataclass(frozen=True)
class Arrived:
    """`words`: `Delivered`, `2 failed`. `tone`: how the state looks."""

    words: str
    tone: str


def read_arrivals(companies: Collection[int], subject_ids: Collection[str]) -> dict[str, Arrived]:
    """By subject id. One without deliveries is not there."""
    counted = (
        Delivery.objects.filter(company__in=companies, event__subject_id__in=subject_ids, event__company__in=companies)
        .exclude(event__test=True)
        .order_by()
        .values("event__subject_id", "state")
        .annotate(rows=Count("pk"), tried=Count("pk", filter=TRIED))
    )
    states: dict[str, dict[str, int]] = {}
    for row in counted:
        mine = states.setdefault(row["event__subject_id"], {})
        mine[row["state"]] = row["rows"]
        if row["state"] == State.PENDING:
            mine["tried"] = row["tried"]
    return {subject: describe(found) for subject, found in states.items()}


def describe(counts: dict[str, int]) -> Arrived:
    """`counts`: deliveries by state, and `tried` of the pending ones."""
    if failed := counts.get(State.FAILED):
        return Arrived("Failed" if sum_of(counts) == failed else f"{failed} failed", "bad")
    if counts.get(State.PENDING):
        return Arrived("Trying again", "warn") if counts.get("tried") else Arrived("Being sent", "busy")
    if counts.get(State.HELD):
        return Arrived("Held", "quiet")
    if counts.get(State.DELIVERED):
        return Arrived("Delivered", "good")
    return Arrived("Not sent", "quiet")  # cancelled, or left out by a filter


def sum_of(counts: dict[str, int]) -> int:
    return sum(number for state, number in counts.items() if state != "tried")
