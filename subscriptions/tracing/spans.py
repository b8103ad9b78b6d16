"""The spans that this service writes. Callers look at `on` first: while it is False nothing else here is called.

A span tells ids, types, times and outcomes; never a number, a name, a URL, or a word that somebody else wrote.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from . import trace_ids
from .trace_ids import Place

on = False  # set once, when the process starts
_share = 1.0


@dataclass(slots=True)
class TracedRequest:
    """A request that is being answered, and the first event that it published, whose trace is its own."""

    began: int  # nanoseconds since 1970
    event: UUID | None = None
    company: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    id: UUID
    type: str
    subject: str  # a resource id, as the company's
    company: str


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt at one delivery. Times in seconds since 1970; `lead`: the event and delivery that it went with, in
    the request of several, and the attempt of that."""

    event: UUID
    event_type: str
    company: str  # its resource id
    subscription: int
    delivery: int
    attempt: int
    claimed_at: float
    started_at: float
    seconds: float
    outcome: str
    status: int | None
    error: str
    lead: tuple[UUID, int, int] | None = None


_request: ContextVar[TracedRequest | None] = ContextVar("traced_request", default=None)


def switch_on(share: float) -> None:
    """`share`: of the events, which part is traced, 0 to 1."""
    global on, _share
    on, _share = True, share


def is_sampled(event: UUID) -> bool:
    return on and trace_ids.is_sampled(event, _share)


def begin_request() -> TracedRequest:
    """From here on, what this thread publishes belongs to the request."""
    request = TracedRequest(time.time_ns())
    _request.set(request)
    return request


def end_request(request: TracedRequest, *, method: str, route: str, status: int, caller: Place | None) -> None:
    """Write the request's span, if it published an event. `caller`: the span of a trusted caller, which is linked."""
    _request.set(None)
    if request.event is None:
        return
    from . import exporter

    exporter.write(
        f"{method} {route}",
        trace_ids.request_place(request.event),
        kind="server",
        parent=None,
        began=request.began,
        ended=time.time_ns(),
        attributes={
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "callhooks.company_id": request.company,
        },
        links=[caller] if caller else [],
        failed=status >= 500,
    )


def note_published(events: Iterable[Published]) -> None:
    """After the commit of the transaction that published them."""
    from . import exporter

    now, request = time.time_ns(), _request.get()
    for event in events:
        if not trace_ids.is_sampled(event.id, _share):
            continue
        parent: Place | None = None
        links: list[Place] = []
        began = (event.id.int >> 80) * 1_000_000  # the milliseconds in its id
        if request is not None:
            began = max(began, request.began)
            if request.event is None:
                request.event, request.company = event.id, event.company
            # The first event's trace is the request's; another event has a trace of its own.
            of_request = trace_ids.request_place(request.event)
            parent, links = (of_request, []) if request.event == event.id else (None, [of_request])
        exporter.write(
            f"publish {event.type}",
            trace_ids.publishing_place(event.id),
            kind="producer",
            parent=parent,
            began=min(began, now),
            ended=now,
            attributes={
                "callhooks.event_id": f"evt_{event.id.hex}",
                "callhooks.event_type": event.type,
                "callhooks.resource_id": event.subject,
                "callhooks.company_id": event.company,
            },
            links=links,
        )


def note_attempts(attempts: Iterable[Attempted]) -> None:
    """One span for each attempt, from the claim to the answer. One that went along with another's request is linked to
    it."""
    from . import exporter

    for one in attempts:
        if not trace_ids.is_sampled(one.event, _share):
            continue
        attributes: dict[str, str | int] = {
            # Few: each costs 3 µs to send. The event's id is the trace's.
            "callhooks.company_id": one.company,
            "callhooks.subscription_id": one.subscription,
            "callhooks.delivery_id": one.delivery,
            "callhooks.attempt": one.attempt,
            "callhooks.outcome": one.outcome,
            "callhooks.waited_ms": max(0, int((one.started_at - one.claimed_at) * 1000)),
        }
        if one.status is not None:
            attributes["http.response.status_code"] = one.status
        if one.outcome != "delivered":
            attributes["error.type"] = one.error or str(one.status)
        exporter.write(
            f"deliver {one.event_type}",
            trace_ids.attempt_place(one.event, one.delivery, one.attempt),
            kind="client",
            parent=trace_ids.publishing_place(one.event),
            began=_ns(one.claimed_at),
            ended=_ns(one.started_at + one.seconds),
            attributes=attributes,
            links=[trace_ids.attempt_place(*one.lead)] if one.lead else [],
            failed=one.outcome != "delivered",
        )


def _ns(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
