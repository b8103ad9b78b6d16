"""What subscriptions can be filtered by: the facts of `facts.py`, as forms and sentences show them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models.functions import Lower

from subscriptions.events.filter_fields import Choice, FilterField, Kind

from .models import Call, Tag, Tracker


def _trackers(companies: Collection[int], values: Collection[str] | None, most: int) -> dict[str, str]:
    rows = Tracker.objects.filter(company__in=companies).order_by("name", "pk")
    if values is not None:
        rows = rows.filter(resource_id__in=values)
    return dict(rows.values_list("resource_id", "name")[:most])


def _tags(companies: Collection[int], values: Collection[str] | None, most: int) -> dict[str, str]:
    """By name, in whatever case it is asked for."""
    rows = Tag.objects.filter(company__in=companies).order_by("name")
    if values is None:
        return {name: name for name in rows.values_list("name", flat=True)[:most]}
    lower = {value.lower() for value in values}
    found = rows.annotate(lower=Lower("name")).filter(lower__in=lower)
    names = {str(name).lower(): name for name in found.values_list("name", flat=True)}
    return {value: names[value.lower()] for value in values if value.lower() in names}


FIELDS = (
    FilterField("tracker", "Tracking numbers", Kind.CHOICE, "to {}", find=_trackers),
    FilterField(
        "source",
        "Sources",
        Kind.NAMES,
        "from {}",
        help="As calls show them, such as Google Paid. One on each line.",
    ),
    FilterField("campaign", "Campaigns", Kind.NAMES, "of campaign {}", help="One on each line."),
    FilterField(
        "direction",
        "Direction",
        Kind.CHOICE,
        "{}",
        (Choice("inbound", "Inbound", "inbound"), Choice("outbound", "Outbound", "outbound")),
        on_form=False,  # a choice of its own there: `call_direction`
    ),
    FilterField(
        "outcome",
        "Outcomes",
        Kind.CHOICE,
        "{}",
        (
            Choice("answered", "Answered", "answered"),
            Choice("missed", "Missed", "missed"),
            Choice("abandoned", "Abandoned", "abandoned"),
            Choice("voicemail", "Voicemail", "left as voicemail"),
        ),
    ),
    FilterField(
        "first_call",
        "Callers",
        Kind.YES_NO,
        "{}",
        (Choice("", "All", ""), Choice("yes", "First-time callers", ""), Choice("no", "Who called before", "")),
        texts=("from people who called before", "from first-time callers"),
    ),
    FilterField("duration", "Duration", Kind.SECONDS, "{} s long"),
    FilterField(
        "lead_status",
        "Lead status",
        Kind.CHOICE,
        "{}",
        (
            Choice(Call.LeadStatus.GOOD.value, "Good lead", "marked as a good lead"),
            Choice(Call.LeadStatus.NOT.value, "Not a lead", "marked as no lead"),
            Choice(Call.LeadStatus.PREVIOUSLY.value, "Good lead before", "from an earlier good lead"),
            Choice("", "None yet", "without a lead status"),
        ),
    ),
    FilterField("tags", "Tags", Kind.CHOICE, "tagged {}", find=_tags, help="Calls with any of these."),
)
