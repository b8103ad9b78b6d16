"""Delivery states and HTTP statuses in plain language, for users who are not developers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html, format_html_join

from ...delivery.retry import most_attempts
from ...events.filtering import FILTERED
from ...models import Attempt, Delivery, EndpointHealth
from . import times

_ANSWERS = {
    400: "Bad request",
    401: "Login required",
    403: "Access refused",
    404: "Not found",
    405: "POST not allowed",
    408: "Timed out",
    410: "Gone",
    413: "Too large",
    415: "JSON not accepted",
    422: "Content not accepted",
    429: "Too many requests",
    500: "Server error",
    502: "Bad gateway",
    503: "Unavailable",
    504: "Gateway timed out",
}
_ANSWERED = re.compile(r"The server answered ([0-9]{3})\.")  # as `delivery/verdict.py` writes it
_ANSWER_CLASSES = {2: "Accepted", 3: "Redirect, not followed", 4: "Refused", 5: "Server error"}


def status_label(code: int) -> str:
    """`Not found (404)`"""
    return f"{_ANSWERS.get(code) or _ANSWER_CLASSES.get(code // 100, 'Answered')} ({code})"


def answer_in_words(reason: str) -> str:
    """`Login required (401)` where the engine says that the server answered 401; other reasons are words already."""
    found = _ANSWERED.fullmatch(reason)
    return status_label(int(found[1])) if found else reason


def state_label(delivery: Delivery) -> str:
    if delivery.state == Delivery.State.PENDING:
        if delivery.claim:
            return "Being sent"
        return "Trying again" if tries_in_round(delivery) else "Waiting"
    return {
        Delivery.State.DELIVERED: "Delivered",
        Delivery.State.FAILED: "Failed",
        Delivery.State.HELD: "Held",
        Delivery.State.CANCELLED: "Filtered out" if is_filtered(delivery) else "Cancelled",
    }[Delivery.State(delivery.state)]


def is_filtered(delivery: Delivery) -> bool:
    """Whether its subscription's filter left it out."""
    return delivery.state == Delivery.State.CANCELLED and delivery.reason.startswith(FILTERED)


def state_tone(delivery: Delivery) -> str:
    """How the state looks: good (disc), busy or warn (ring), bad (square) or quiet (thin ring)."""
    if delivery.state == Delivery.State.PENDING:
        return "warn" if tries_in_round(delivery) else "busy"
    return {"delivered": "good", "failed": "bad"}.get(delivery.state, "quiet")


def badge(text: str, tone: str) -> str:
    """A mark and a word. The shape of the mark differs by tone, too."""
    return format_html('<span class="state s-{}">{}</span>', tone, text)


def tag(text: str) -> str:
    return format_html('<span class="tag">{}</span>', text)


def tags(names: Sequence[str], *, most: int = 2) -> str:
    """The first tags, then how many more there are. They never wrap."""
    if not names:
        return "–"
    shown = format_html_join("", "{}", ((tag(name),) for name in names[:most]))
    if len(names) > most:
        rest = ", ".join(names[most:])
        shown = format_html('{}<span class="tag more" title="{}">+{}</span>', shown, rest, len(names) - most)
    return format_html('<span class="tags">{}</span>', shown)


def tries_in_round(delivery: Delivery) -> int:
    """Attempts since the retry schedule last started."""
    return delivery.attempts - delivery.round_began_after


def attempts_label(delivery: Delivery) -> str:
    """`4 of 10` while retries remain, else the number of attempts."""
    if delivery.state == Delivery.State.PENDING and tries_in_round(delivery):
        return f"{tries_in_round(delivery)} of {most_attempts(delivery.subscription.retry_policy)}"
    return str(delivery.attempts)


def outcome_label(delivery: Delivery) -> str:
    """The last response, or the reason why there is none."""
    unsent = delivery.state == Delivery.State.PENDING and not tries_in_round(delivery)
    if delivery.state in (Delivery.State.HELD, Delivery.State.CANCELLED) or unsent:
        return delivery.reason.removeprefix(FILTERED)
    return status_label(delivery.status_code) if delivery.status_code else delivery.reason


def attempt_label(one: Attempt) -> str:
    if one.outcome == Attempt.Outcome.LOST or not one.status_code:
        return one.message or str(one.get_outcome_display())
    return status_label(one.status_code)


def paused_until(delivery: Delivery) -> datetime | None:
    """Until when nothing is sent to the endpoint, because it keeps failing or asked for a pause."""
    health = getattr(delivery.subscription, "health", None)  # none before its first response
    until: datetime | None = health.open_until if health is not None else None
    return until if until is not None and until > timezone.now() else None


def asked_to_wait(health: EndpointHealth) -> bool:
    """Whether the endpoint asked for a pause (`Retry-After`)."""
    return health.retry_after_until is not None and health.retry_after_until > timezone.now()


def describe_next_step(delivery: Delivery) -> str:
    """What happens next."""
    active = delivery.subscription.state == "active"
    if delivery.state == Delivery.State.PENDING:
        if delivery.claim:
            return "It is being sent now."
        until = paused_until(delivery)
        if until is not None:
            when = f"{times.format_short(until)}, {times.format_relative(until)}"
            waits = asked_to_wait(delivery.subscription.health)
            why = "This server asked for a pause." if waits else "This server keeps failing."
            return f"{why} Sending stops until {when}; then one webhook is tried before the others."
        if not tries_in_round(delivery):
            due = delivery.due_at
            if delivery.batch and due is not None and due > timezone.now():
                return f"It waits for others to go with it, until {times.format_short(due)} at the latest."
            return "It will be sent shortly."
        number = f"{tries_in_round(delivery) + 1} of {most_attempts(delivery.subscription.retry_policy)}"
        if delivery.due_at is not None and delivery.due_at <= timezone.now():
            return f"Attempt {number} follows shortly."
        when = f"{times.format_short(delivery.due_at)}, {times.format_relative(delivery.due_at)}"
        return f"Attempt {number} at {when}."
    if delivery.state == Delivery.State.HELD:
        return f"It is held until “{delivery.subscription}” is resumed."
    if delivery.state == Delivery.State.DELIVERED:
        return "Nothing left to do."
    if delivery.subscription.state == "archived":
        return (
            "The subscription was removed, so this cannot be sent again. Add a new subscription with its URL to get "
            "the events to come. The body of this one can be copied below."
        )
    if not active:
        return f"It will not be retried. To send it again, resume “{delivery.subscription}” first."
    if is_filtered(delivery):
        return "The filter of its subscription left it out. Choose “Send again” to send it anyway."
    return "It will not be retried. Choose “Send again” to start over."


def change_marker(delivery: Delivery) -> str:
    """A value that changes when the page would show something new."""
    return f"{delivery.state}-{delivery.attempts}-{'claimed' if delivery.claim else ''}"
