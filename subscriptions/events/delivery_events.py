"""Events about delivery: what became of webhooks, as webhooks. Their names have a dot, those of calls, texts and forms
have none.

They go to subscriptions that ask for them by name, and cause none of their kind: what becomes of a webhook that tells
of webhooks is told to nobody, and no subscription gets one about itself (`streams`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.conf import settings

from ..lib.ids import resource_id, uuid7
from .catalogue import EventType, SubjectKind
from .payload_fields import IntegerValue, Payload, Schema, TextValue, format_time

FAILING, RECOVERED, DISABLED = "endpoint.failing", "endpoint.recovered", "endpoint.disabled"
GIVEN_UP = "delivery.given_up"
ENDPOINT_EVENTS = (FAILING, RECOVERED, DISABLED)
# Of alerts, which only alert destinations get (`endpoints/alert_messages.py`).
ALERT_GIVEN_UP, ALERT_SUMMARY, ALERT_TEST = "alert.given_up", "alert.daily_summary", "alert.test"
ALERT_LABELS = {ALERT_GIVEN_UP: "We stopped trying", ALERT_SUMMARY: "Daily summary", ALERT_TEST: "Test alert"}

_TIME: Schema = {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class News:
    """What an event about delivery tells. `resource_id` is that of the subscription."""

    type: str
    resource_id: str
    company_id: int
    subscription_name: str
    company_resource_id: str
    company_name: str
    time_zone: str
    at: datetime
    reason: str
    link: str
    since: datetime | None = None
    times_failed: int = 1
    delivery: int = 0
    event: Told | None = None
    attempts: int = 0
    status_code: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The event that was given up."""

    id: str
    type: str
    subject_id: str
    sequence: int
    created_at: datetime


def _time(path: str) -> Any:
    read = attrgetter(path)

    def get(news: News) -> str | None:
        value = read(news)
        return format_time(value, news.time_zone) if value is not None else None

    return get


class _NewsPayload(Payload):
    type = TextValue(attrgetter("type"))
    subscription = TextValue(attrgetter("resource_id"))
    subscription_name = TextValue(attrgetter("subscription_name"))
    company_resource_id = TextValue(attrgetter("company_resource_id"))
    company_name = TextValue(attrgetter("company_name"))
    reason = TextValue(attrgetter("reason"))
    link = TextValue(attrgetter("link"))
    timestamp = TextValue(_time("at"), schema=_TIME)

    meanings = {
        "type": "The name of the event, as in the header Callhooks-Event.",
        "subscription": "The resource id of the subscription that this is about.",
        "subscription_name": "Its name.",
        "company_resource_id": "The company's resource id.",
        "company_name": "The company's name.",
        "since": "Since when nothing arrived; for a recovery, since when nothing had arrived.",
        "reason": "The last failure, in words; for a disabled subscription, why it was disabled.",
        "times_failed": "How often it has failed since the last event about it: more than 1 if it came and went.",
        "link": "The page of the subscription, or of the delivery, in the admin.",
        "timestamp": "When this was noticed, in the company's time zone.",
        "delivery": "The delivery's id, as in the API.",
        "event_id": "The webhook-id of the event that we stopped trying to deliver.",
        "event_type": "Its type.",
        "event_resource_id": "The resource id of its call, text or form.",
        "event_sequence": "Its place among the events of that call, text or form.",
        "event_created_at": "When it happened.",
        "attempts": "How often it was tried.",
        "status_code": "The status of the last answer; null if there was none.",
    }


class EndpointPayload(_NewsPayload):
    since = TextValue(_time("since"), schema=_TIME, allow_null=True)
    times_failed = IntegerValue(attrgetter("times_failed"))
    keys = (
        "type", "subscription", "subscription_name", "company_resource_id", "company_name", "since", "reason",
        "times_failed", "link", "timestamp",
    )  # fmt: skip


class GivenUpPayload(_NewsPayload):
    delivery = IntegerValue(attrgetter("delivery"))
    event_id = TextValue(attrgetter("event.id"))
    event_type = TextValue(attrgetter("event.type"))
    event_resource_id = TextValue(attrgetter("event.subject_id"))
    event_sequence = IntegerValue(attrgetter("event.sequence"))
    event_created_at = TextValue(_time("event.created_at"), schema=_TIME)
    attempts = IntegerValue(attrgetter("attempts"))
    status_code = IntegerValue(attrgetter("status_code"), allow_null=True)
    keys = (
        "type", "subscription", "subscription_name", "company_resource_id", "company_name", "delivery", "event_id",
        "event_type", "event_resource_id", "event_sequence", "event_created_at", "attempts", "status_code", "reason",
        "link", "timestamp",
    )  # fmt: skip


def _example(event_type: str, reason: str, page: str, **more: Any) -> Any:
    def build(company: Any) -> News:
        at = datetime.now(UTC)
        return News(
            event_type,
            resource_id("SUB"),
            company.pk,
            "CRM",
            company.resource_id,
            company.name,
            company.time_zone,
            at,
            reason,
            f"{settings.PUBLIC_URL}/admin/subscriptions/{page}/1/change/",
            at - timedelta(minutes=6),
            event=Told(f"evt_{uuid7().hex}", "post_call", resource_id("CAL"), 3, at - timedelta(days=3)),
            **more,
        )

    return build


REFUSED = "The server answered 500."
TYPES = [
    EventType(
        FAILING,
        "Endpoint Failing",
        "When the server of a subscription has accepted nothing for five minutes.",
        EndpointPayload,
        once=False,
        about_delivery=True,
        example=_example(FAILING, REFUSED, "subscription"),
    ),
    EventType(
        RECOVERED,
        "Endpoint Recovered",
        "When a server of which Endpoint Failing or Endpoint Disabled told accepts webhooks again.",
        EndpointPayload,
        once=False,
        about_delivery=True,
        example=_example(RECOVERED, REFUSED, "subscription"),
    ),
    EventType(
        DISABLED,
        "Endpoint Disabled",
        "When a subscription was disabled because its server accepted nothing for days, or answered 410 Gone.",
        EndpointPayload,
        once=False,
        about_delivery=True,
        example=_example(DISABLED, "Nothing arrived for 5 days.", "subscription"),
    ),
    EventType(
        GIVEN_UP,
        "Stopped Trying",
        "When we stop trying a webhook: after ten attempts, or because the server answered 410 Gone.",
        GivenUpPayload,
        once=False,
        about_delivery=True,
        example=_example(
            GIVEN_UP,
            f"We stopped trying after 10 attempts. {REFUSED}",
            "delivery",
            delivery=1,
            attempts=10,
            status_code=500,
        ),
    ),
]
# Nothing waits for a time, and an event tells of a moment: it cannot be read again later.
KIND = SubjectKind("endpoint", lambda subject_ids: None, lambda subject_id: None)
