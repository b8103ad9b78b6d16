"""Merge facts about one call. No Django."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Facts = dict[str, Any]

MOST_PHRASES = 3_000
MOST_LEGS = 50
# What a call has one of for each leg, recording, queue or conference.
_BOUNDED = ("legs", "dial", "recordings", "texts", "queues", "conferences")


def merge_facts(parts: Iterable[Facts]) -> Facts:
    """All of them in one, in any order, bounded in size. Commutative, associative and idempotent."""
    merged: Facts = {}
    for part in parts:
        merged = _join(merged, part)
    for name in _BOUNDED:
        if len(merged.get(name, ())) > MOST_LEGS:
            merged[name] = {key: merged[name][key] for key in sorted(merged[name])[:MOST_LEGS]}
    if len(merged.get("phrases", ())) > MOST_PHRASES:
        first = sorted(merged["phrases"], key=lambda number: (len(number), number))[:MOST_PHRASES]
        merged["phrases"] = {number: merged["phrases"][number] for number in first}
    return merged


def _join(one: Any, other: Any) -> Any:
    """Both of two mappings; the greater of two numbers; the smaller of two texts (and so the earlier of two times)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _join(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key))
            for key in sorted({*one, *other})
        }
    if isinstance(one, list) and isinstance(other, list):
        return min(one, other)
    if isinstance(one, str) and isinstance(other, str):
        return min(one, other) if one and other else one or other
    return max(one, other)
