"""What the page of a delivery shows: its state, advice, attempts and body."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.urls import reverse

from ..delivery.retry import most_attempts
from ..events import catalogue, stored_bodies, versions
from ..models import AlertDestination, Attempt, Delivery
from . import advice, attempt_request, sent_together
from .kit import bodies, labels, subjects, times

ATTEMPTS_SHOWN = 50
State = Delivery.State


def page_context(site: AdminSite, obj: Delivery) -> dict[str, Any]:
    body = stored_bodies.read_sent(obj)
    newest = list(Attempt.objects.filter(delivery=obj).order_by("-number")[:ATTEMPTS_SHOWN])
    others = sent_together.read(obj, newest)
    about = {obj.event.subject_id} | {one.subject_id for listed in others.values() for one in listed}
    names = subjects.find_names(site, about)
    return {
        "subtitle": None,
        "to_url": _page_of(obj),
        "title": f"{catalogue.label(obj.event.type)} to {obj.subscription.name}",
        "delivery": obj,
        "state": labels.badge(labels.state_label(obj), labels.state_tone(obj)),
        "tone": {"good": "good", "bad": "bad", "warn": "warn"}.get(labels.state_tone(obj), "none"),
        "face": _FACES.get(labels.state_tone(obj), "send"),
        "attempts_line": _count_attempts(obj),
        "created": times.time_tag(obj.created_at),
        "event_label": catalogue.label(obj.event.type),
        "event_at": times.time_tag(obj.event.created_at),
        "subject_icon": subjects.icon_of(obj.event.type),
        "about_word": subjects.kind_word(obj.event.type),
        "upcoming": _upcoming(obj),
        "next_step": labels.describe_next_step(obj),
        "happened": _what_happened(obj),
        "watched": labels.change_marker(obj) if obj.state == State.PENDING else "",
        "name": names.get(obj.event.subject_id, ""),
        "subject": subjects.link_subject(site, obj.event.subject_id),
        "advice": _find_advice(obj, newest),
        "symptom": advice.find_symptom(newest[0].status_code, newest[0].error) if newest else "",
        "tries": [
            _attempt_context(attempt, body) | sent_together.context(attempt, others, names) for attempt in newest
        ],
        "tolerance": attempt_request.TOLERANCE_MINUTES,
        "more": max(0, obj.attempts - len(newest)),
        "body": bodies.decode_body(body),
        "body_pretty": bodies.pretty(body, obj.encoding),
        "body_version": _version(obj),
        "body_kind": obj.get_encoding_display(),
        "body_size": len(body),
        "body_in_list": bool(newest and newest[0].batch),
    }


def _what_happened(obj: Delivery) -> str:
    """What its server last said, while that was no; else empty."""
    if obj.state == State.FAILED:
        return labels.outcome_label(obj)
    waits = obj.state == State.PENDING and not obj.claim and labels.tries_in_round(obj)
    said = labels.outcome_label(obj) if waits else ""
    return f"{obj.subscription.name}: {said}" if said else ""


def _version(obj: Delivery) -> str:
    version = dict(versions.choices()).get(obj.payload_version, obj.payload_version)
    return f"{version}, changed for this subscription" if obj.shaped else version


def _page_of(obj: Delivery) -> str:
    """The page of its subscription or, for an alert, of the destination; empty if that was removed."""
    if not obj.subscription.for_alerts:
        return reverse("admin:subscriptions_subscription_change", args=[obj.subscription_id])
    found = AlertDestination.objects.filter(endpoint=obj.subscription_id).values_list("pk", flat=True).first()
    return reverse("admin:subscriptions_alertdestination_change", args=[found]) if found is not None else ""


_FACES = {"good": "check", "bad": "triangle-alert", "warn": "rotate-cw", "quiet": "pause"}


def _count_attempts(obj: Delivery) -> str:
    if not obj.attempts:
        return "Not tried yet"
    said = labels.attempts_label(obj)
    return f"{said} attempt" if said == "1" else f"{said} attempts"


def _upcoming(obj: Delivery) -> dict[str, Any] | None:
    """The next attempt, while it waits for one."""
    if obj.state != State.PENDING or obj.due_at is None:
        return None
    until = max(obj.due_at, labels.paused_until(obj) or obj.due_at)
    soon = times.seconds_since(until) >= 0
    when = "Now" if obj.claim or soon else times.format_relative(until)
    return {
        "number": labels.tries_in_round(obj) + 1,
        "when": when[:1].upper() + when[1:],
        "at": "" if soon else times.time_tag(until),
        "most": most_attempts(obj.subscription.retry_policy),
    }


def _attempt_context(attempt: Attempt, body: bytes) -> dict[str, Any]:
    good = attempt.outcome == Attempt.Outcome.DELIVERED
    tone = "good" if good else "quiet" if attempt.outcome == Attempt.Outcome.LOST else "bad"
    response, is_cut = bodies.decode_answer(bytes(attempt.response_body), attempt.response_headers)
    return {
        "number": attempt.number,
        "tone": tone,
        "label": labels.attempt_label(attempt),
        "badge": labels.badge(labels.attempt_label(attempt), tone),
        "curl_id": f"curl-{attempt.number}",
        "response_id": f"response-{attempt.number}",
        # Without a response, the badge already shows the message.
        "message": attempt.message if attempt.status_code else "",
        "at": times.time_tag(attempt.started_at),
        "took": times.format_milliseconds(attempt.duration_ms),
        "url": attempt.url,
        "status": attempt.status_code,
        "request_headers": attempt.request_headers,
        "signed_prefix": attempt_request.signed_prefix(attempt.request_headers),
        "signature": attempt_request.header(attempt.request_headers, "signature"),
        "webhook_signature": attempt_request.header(attempt.request_headers, "webhook-signature"),
        "curl": attempt_request.curl(attempt.url, attempt.request_headers, body) if attempt.request_headers else "",
        "masked": attempt_request.is_masked(attempt.request_headers),
        "response_headers": attempt.response_headers,
        "response": response,
        "truncated": attempt.response_truncated or is_cut,
    }


def _find_advice(delivery: Delivery, newest: list[Attempt]) -> str:
    """Advice for the last attempt; "" unless it failed."""
    if not newest or delivery.state == State.DELIVERED or newest[0].outcome != Attempt.Outcome.FAILED:
        return ""
    return advice.find_advice(newest[0].status_code, newest[0].error)
