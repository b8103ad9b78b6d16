"""What is said of past events that are counted, or sent by a job."""

from __future__ import annotations

from ..events import catalogue
from ..models import ResendJob
from ..past.dry_run import Counts
from .dry_runs import describe_judged


def describe_found(counts: Counts) -> str:
    """`Of 1,204 events, 1,155 would be sent.`"""
    if counts.judged == counts.total == counts.would_go and not counts.at_least:
        return f"{describe_judged(counts).capitalize()} will be sent."
    return f"Of {describe_judged(counts)}, {counts.would_go:,} will be sent."


def describe_rest(counts: Counts) -> list[str]:
    """What becomes of the others, a sentence each."""
    said = [
        (counts.filtered_out, "filtered out: Deliveries will say why, and you can send them from there"),
        (counts.not_known, "filtered out, because a condition asks about something that is no longer stored"),
        (counts.already_there, "left alone: the subscription has them already"),
        (counts.no_body, "left out: they were not stored in its payload version. You can send them as they are stored"),
        (counts.gone, "gone: no body of them is stored"),
    ]
    return [f"{number:,} {'is' if number == 1 else 'are'} {words}." for number, words in said if number]


def describe_job(job: ResendJob) -> str:
    types = ", ".join(catalogue.label(name) for name in job.events or [])
    of = f" that “{job.source}” got" if job.source is not None else ""
    return f"{job.total:,} events{of}: {types}. {job.per_second} a second"


def describe_progress(job: ResendJob) -> str:
    """`250 of 1,204 past events sent, 54 not`"""
    rest = job.looked_at - job.sent
    return f"{job.sent:,} of {job.total:,} past events sent{f', {rest:,} not' if rest else ''}"


def describe_left_out(job: ResendJob) -> str:
    said = [(job.filtered, "filtered out"), (job.had, "there already"), (job.gone, "no longer stored")]
    return ", ".join(f"{number:,} {words}" for number, words in said if number)
