"""The event of a manifest: a day's list of a subscription is made (`feed/manifests`). It goes to that subscription
alone, if it names it (`streams`), and is in no manifest itself: else each day's would cause one on the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.conf import settings

from ..lib.ids import resource_id
from .catalogue import EventType
from .payload_fields import IntegerValue, JsonValue, Payload, TextValue, format_time

MANIFEST = "manifest.ready"


@dataclass(frozen=True, slots=True)
class ManifestNews:
    """`resource_id` is that of the subscription. `signature`: the headers under which the document is signed."""

    resource_id: str
    company_id: int
    subscription_name: str
    company_resource_id: str
    company_name: str
    time_zone: str
    day: date
    number: int
    events: int
    outcomes: Mapping[str, int]
    sha256: str
    previous: Mapping[str, str] | None
    signature: Mapping[str, str]
    url: str
    link: str
    at: datetime


def _made_at(news: ManifestNews) -> str:
    return format_time(news.at, news.time_zone)


class ManifestPayload(Payload):
    type = TextValue(lambda news: MANIFEST)
    subscription = TextValue(attrgetter("resource_id"))
    subscription_name = TextValue(attrgetter("subscription_name"))
    company_resource_id = TextValue(attrgetter("company_resource_id"))
    company_name = TextValue(attrgetter("company_name"))
    day = TextValue(lambda news: news.day.isoformat(), schema={"type": "string", "format": "date"})
    number = IntegerValue(attrgetter("number"))
    events = IntegerValue(attrgetter("events"))
    outcomes = JsonValue(
        lambda news: dict(news.outcomes), schema={"type": "object", "additionalProperties": {"type": "integer"}}
    )
    sha256 = TextValue(attrgetter("sha256"))
    previous = JsonValue(attrgetter("previous"), schema={"type": "object"}, allow_null=True)
    signature = JsonValue(
        lambda news: dict(news.signature), schema={"type": "object", "additionalProperties": {"type": "string"}}
    )
    url = TextValue(attrgetter("url"))
    link = TextValue(attrgetter("link"))
    timestamp = TextValue(_made_at, schema={"type": "string", "format": "date-time"})
    keys = (
        "type", "subscription", "subscription_name", "company_resource_id", "company_name", "day", "number", "events",
        "outcomes", "sha256", "previous", "signature", "url", "link", "timestamp",
    )  # fmt: skip
    meanings = {
        "type": "The name of the event, as in the header Callhooks-Event.",
        "subscription": "The resource id of the subscription whose events are listed: the one that gets this.",
        "subscription_name": "Its name.",
        "company_resource_id": "The company's resource id.",
        "company_name": "The company's name.",
        "day": "The day that the manifest is about, in UTC.",
        "number": "Its number among the manifests of the subscription, from 1.",
        "events": "How many events it lists.",
        "outcomes": "How many of them were delivered, failed, pending and so on when it was made.",
        "sha256": "The SHA-256 of the manifest, in hex.",
        "previous": "The day and the SHA-256 of the manifest before it; null for the first.",
        "signature": "Headers as of a webhook, which sign the manifest's bytes.",
        "url": "The manifest's address in the API.",
        "link": "The subscription's manifests in the admin.",
        "timestamp": "When it was made, in the company's time zone.",
    }


def _example(company: Any) -> ManifestNews:
    day, subscription = date(2026, 11, 29), resource_id("SUB")
    return ManifestNews(
        subscription,
        company.pk,
        "CRM",
        company.resource_id,
        company.name,
        company.time_zone,
        day,
        2,
        118,
        {"delivered": 117, "pending": 1},
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        {
            "day": (day - timedelta(days=1)).isoformat(),
            "sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        },
        {
            "webhook-id": f"manifest_{subscription}_{day.isoformat()}",
            "webhook-timestamp": "1796007605",
            "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
            "Signature": "UZAHbUdfm3GqL7qzilGozGzWV64=",
        },
        f"{settings.PUBLIC_URL}/api/v1/subscriptions/{subscription}/manifests/{day.isoformat()}/",
        f"{settings.PUBLIC_URL}/admin/subscriptions/subscription/1/manifests/",
        datetime.now(UTC),
    )


TYPE = EventType(
    MANIFEST,
    "Manifest Ready",
    "Some hours after the end of each day (UTC) with events: the signed list of what this subscription was to get.",
    ManifestPayload,
    once=False,
    about_delivery=True,
    example=_example,
)
