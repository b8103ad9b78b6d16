"""Calls of the past, for imports."""

from __future__ import annotations

from datetime import timedelta

from calls.models import Call
from tests.support.factories import START

PEOPLE = 500


def past_calls(company, tracker, count):
    """Unsaved missed calls, an hour apart, of several people in turn."""
    for number in range(count):
        start = START + timedelta(hours=number)
        person = number % PEOPLE
        yield Call(
            company=company,
            tracker=tracker,
            customer_phone_number=f"(214) {200 + person // 100}-01{person % 100:02}",
            start_time=start,
            ended_at=start + timedelta(seconds=5),
        )
