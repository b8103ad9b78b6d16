"""What states, codes and times mean, in words: company admins are not developers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html

from ...delivery.retry import MAX_ATTEMPTS
from ...models import Attempt, Delivery, EndpointHealth

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
_ANSWER_CLASSES = {2: "Accepted", 3: "Redirect, not followed", 4: "Refused", 5: "Server error"}


def answer(code: int) -> str:
    """`Not found (404)`"""
    return f"{_ANSWERS.get(code) or _ANSWER_CLASSES.get(code // 100, 'Answered')} ({code})"


def state(delivery: Delivery) -> str:
    if delivery.state == Delivery.State.PENDING:
        if delivery.claim:
            return "Being sent"
        return "Will be tried again" if tries(delivery) else "Waiting"
    return {
        Delivery.State.DELIVERED: "Delivered",
        Delivery.State.FAILED: "Failed",
        Delivery.State.HELD: "Held",
        Delivery.State.CANCELLED: "Cancelled",
    }[Delivery.State(delivery.state)]


def tone(delivery: Delivery) -> str:
    """good, busy, bad or quiet: the colour of the state."""
    if delivery.state == Delivery.State.PENDING:
        return "warn" if tries(delivery) else "busy"
    return {"delivered": "good", "failed": "bad", "held": "warn"}.get(delivery.state, "quiet")


def badge(text: str, tone: str) -> str:
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def tries(delivery: Delivery) -> int:
    """Attempts in the current round of the retry schedule."""
    return delivery.attempts - delivery.round_began_after


def attempts(delivery: Delivery) -> str:
    """`4 of 10` while it may be tried again, else how many there were."""
    if delivery.state == Delivery.State.PENDING and tries(delivery):
        return f"{tries(delivery)} of {MAX_ATTEMPTS}"
    return str(delivery.attempts)


def what_happened(delivery: Delivery) -> str:
    """The last answer, or why there is none."""
    unsent = delivery.state == Delivery.State.PENDING and not tries(delivery)
    if delivery.state in (Delivery.State.HELD, Delivery.State.CANCELLED) or unsent:
        return delivery.reason
    return answer(delivery.status_code) if delivery.status_code else delivery.reason


def attempt(one: Attempt) -> str:
    if one.outcome == Attempt.Outcome.LOST or not one.status_code:
        return one.message or str(one.get_outcome_display())
    return answer(one.status_code)


def resting_until(delivery: Delivery) -> datetime | None:
    """Until when nothing is sent to its endpoint, because it only fails or asked for it."""
    health = getattr(delivery.subscription, "health", None)  # none before its first answer
    until: datetime | None = health.open_until if health is not None else None
    return until if until is not None and until > timezone.now() else None


def asked_to_wait(health: EndpointHealth) -> bool:
    """Whether the endpoint is left alone because it said so (`Retry-After`)."""
    return health.retry_after_until is not None and health.retry_after_until > timezone.now()


def next_step(delivery: Delivery) -> str:
    """What happens next."""
    active = delivery.subscription.state == "active"
    if delivery.state == Delivery.State.PENDING:
        if delivery.claim:
            return "It is being sent at this moment."
        until = resting_until(delivery)
        if until is not None and asked_to_wait(delivery.subscription.health):
            rest = f"This server asked for no requests until {clock(until)}, {span(until)}."
            return f"{rest} Then one webhook is tried first; when it arrives, the others follow."
        if until is not None:
            rest = f"This server keeps failing, so it is left alone until {clock(until)}, {span(until)}."
            return f"{rest} Then one webhook is tried first; when it arrives, the others follow."
        if not tries(delivery):
            return "It is sent as soon as its turn comes."
        if delivery.due_at is not None and delivery.due_at <= timezone.now():
            return f"Attempt {tries(delivery) + 1} of {MAX_ATTEMPTS} follows as soon as its turn comes."
        number = tries(delivery) + 1
        return f"Attempt {number} of {MAX_ATTEMPTS} at {clock(delivery.due_at)}, {span(delivery.due_at)}."
    if delivery.state == Delivery.State.HELD:
        return f"It waits until “{delivery.subscription}” is resumed."
    if delivery.state == Delivery.State.DELIVERED:
        return "Nothing more to do."
    if delivery.subscription.state == "archived":
        return "The subscription was removed, so it cannot be sent again."
    if not active:
        return f"Nothing more happens by itself. To send it again, resume “{delivery.subscription}” first."
    return "Nothing more happens by itself. “Send again” starts anew."


def clock(moment: datetime | None) -> str:
    """`14:32:05`, with the day unless it is today; in the zone of the page."""
    if moment is None:
        return ""
    local, today = timezone.localtime(moment), timezone.localtime().date()
    text = f"{local:%H:%M:%S}"
    if local.date() == today:
        return text
    if local.date() == today - timedelta(days=1):
        return f"yesterday {text}"
    return f"{day(local)}, {text}"


def day(local: datetime) -> str:
    """`4 Jul 2026`"""
    return f"{local.day} {local:%b %Y}"


def when(moment: datetime | None) -> str:
    """A time for a page, the whole of it on hovering."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    whole = f"{day(local)}, {local:%H:%M:%S} {local.tzname()}"
    text = clock(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), whole, text[:1].upper() + text[1:]
    )


def span(moment: datetime | None) -> str:
    """`in 4 min`, `3 h ago`"""
    if moment is None:
        return ""
    seconds = seconds_since(moment)
    return f"in {length(-seconds)}" if seconds < 0 else f"{length(seconds)} ago"


def seconds_since(moment: datetime) -> float:
    """Below zero for one that is still to come."""
    return (timezone.now() - moment).total_seconds()


def length(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (size < 86_400 and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def took(milliseconds: int | None) -> str:
    """`240 ms`, `15.0 s`, `10 min`"""
    if milliseconds is None:
        return ""
    if milliseconds >= 120_000:
        return length(milliseconds / 1_000)
    return f"{milliseconds} ms" if milliseconds < 1_000 else f"{milliseconds / 1_000:.1f} s"


def mark(delivery: Delivery) -> str:
    """Of what a page shows of it: the page is made anew when it becomes another."""
    return f"{delivery.state}-{delivery.attempts}-{'claimed' if delivery.claim else ''}"
