"""The lists of API v1 that a key of a company reads."""

from __future__ import annotations

from collections.abc import Iterator

LISTS = (
    "companies", "subscriptions", "deliveries", "deliveries?state=failed", "events", "calls", "texts", "forms",
    "people", "tags", "trackers", "issues", "issues?state=open", "issues?state=solved&order=oldest",
    "alert-destinations", "feed", "feed?after=latest", "feed-consumers", "resend-jobs", "keys", "key", "event-types",
)  # fmt: skip


def paths(subscription: str = "") -> Iterator[str]:
    """`subscription`: the resource id of one, whose manifests are listed."""
    for name in LISTS:
        path, _, asked = name.partition("?")
        yield f"/api/v1/{path}/{f'?{asked}' if asked else ''}"
    if subscription:
        yield f"/api/v1/subscriptions/{subscription}/manifests/"
        yield f"/api/v1/issues/?subscription={subscription}"
