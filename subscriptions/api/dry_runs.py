"""A dry run of a filter in the API (`past/dry_run.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from ..events import versions
from ..models import Company, Subscription
from ..past import dry_run
from ..past.dry_run import Counts, DryRun
from ..past.judging import Judged, Wish
from .conditions import Conditions
from .kit.fields import StrictChoiceField
from .kit.serializers import StrictSerializer
from .subscription_fields import EventNames, PayloadVersion


class NewDryRun(StrictSerializer):
    events = EventNames(help_text="Names of event types. See event-types.")
    conditions = Conditions(
        required=False, help_text="Which events, beside their type. null: the company's default, or all."
    )
    call_direction = StrictChoiceField(
        Subscription.CallDirection.choices,
        required=False,
        help_text="Whose post_call and call_modified: inbound calls, outbound ones, or both (the default).",
    )
    payload_version = PayloadVersion(required=False, help_text="article (the default), or 2026-05.")


class _Counts(StrictSerializer):
    total = serializers.IntegerField(read_only=True)
    total_is_least = serializers.BooleanField(read_only=True)
    judged = serializers.IntegerField(read_only=True)
    would_go = serializers.IntegerField(read_only=True)
    filtered_out = serializers.IntegerField(read_only=True)
    not_known = serializers.IntegerField(read_only=True)


class DryRunOfType(_Counts):
    event = serializers.CharField(read_only=True)


class DryRunEvent(StrictSerializer):
    id = serializers.CharField(read_only=True)
    event = serializers.CharField(read_only=True)
    subject = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    outcome = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)


class DryRunAnswer(_Counts):
    since = serializers.DateTimeField(read_only=True)
    until = serializers.DateTimeField(read_only=True)
    types = DryRunOfType(many=True, read_only=True)
    going = DryRunEvent(many=True, read_only=True)
    staying = DryRunEvent(many=True, read_only=True)


def answer(company: Company, asked: dict[str, Any]) -> dict[str, Any]:
    """`asked` is validated."""
    conditions = asked.get("conditions")
    wish = Wish(
        company.pk,
        asked["events"],
        conditions if conditions is not None else company.default_conditions,
        asked.get("call_direction", Subscription.CallDirection.BOTH),
        asked.get("payload_version", versions.DEFAULT),
    )
    return represent(dry_run.run(wish))


def represent(found: DryRun) -> dict[str, Any]:
    return {
        "since": found.since,
        "until": found.until,
        **_counts(found.counts),
        "types": [{"event": name, **_counts(counts)} for name, counts in found.types.items()],
        "going": _events(found.going),
        "staying": _events(found.staying),
    }


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "total": counts.total,
        "total_is_least": counts.at_least,
        "judged": counts.judged,
        "would_go": counts.would_go,
        "filtered_out": counts.filtered_out,
        "not_known": counts.not_known,
    }


def _events(some: Sequence[Judged]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"evt_{one.event.id.hex}",
            "event": one.event.type,
            "subject": one.event.subject_id,
            "created_at": one.event.created_at,
            "outcome": str(one.outcome),
            "reason": one.reason,
        }
        for one in some
    ]
