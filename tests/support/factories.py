"""Rows for tests, made plainly: what a test does not name has a harmless value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from calls.models import Call, Tracker
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.events import catalogue
from subscriptions.models import ApiKey, Company, Membership, Subscription

_numbers = count(1)  # from 1 again for each test: see restart_numbers()
PASSWORD = "correct horse battery staple"
# When the calls of tests begin: a whole second, well in the past.
START = datetime(2026, 3, 2, 18, 41, 0, 236_000, tzinfo=UTC)


def restart_numbers() -> None:
    """What a test gets does not depend on the tests before it, whose order and process differ from run to run."""
    global _numbers
    _numbers = count(1)


def make_company(name: str = "Acme Dental", **fields: Any) -> Company:
    return Company.objects.create(name=name, **fields)


def make_member(company: Company, role: str = Membership.Role.ADMIN, username: str = "") -> User:
    username = username or f"member{next(_numbers)}@example.com"
    user = User.objects.create_user(username, email=username, password=PASSWORD, is_staff=True)
    Membership.objects.create(company=company, user=user, role=role)
    return user


def make_key(company: Company, scopes: list[str] | None = None) -> str:
    """The key itself, as a program sends it."""
    return ApiKey.objects.issue(company=company, name="test", scopes=scopes)[1]


def make_tracker(company: Company, **fields: Any) -> Tracker:
    number = next(_numbers)
    fields.setdefault("phone_number", f"+1{200 + number // 100}55501{number % 100:02}")
    fields.setdefault("name", "Google Ads")
    return Tracker.objects.create(company=company, **fields)


def make_subscription(
    company: Company, url: str = "http://127.0.0.1:9/hooks", events: list[str] | None = None, **fields: Any
) -> Subscription:
    if events is None:
        events = [event_type.name for event_type in catalogue.main_types()]
    return Subscription.objects.create(
        company=company, name=fields.pop("name", "CRM"), url=url, events=events, **fields
    )


def make_call(company: Company, tracker: Tracker | None = None, **fields: Any) -> Call:
    """An inbound call that rings, unless the fields say otherwise."""
    fields.setdefault("customer_phone_number", "+12145550123")
    fields.setdefault("start_time", timezone.now())
    return Call.objects.create(company=company, tracker=tracker or make_tracker(company), **fields)


def ended_call(company: Company, tracker: Tracker | None = None, **fields: Any) -> Call:
    """An answered call of 13 seconds with everything attached: its post_call has been published."""
    fields.setdefault("start_time", START)
    start = fields["start_time"]
    fields = {
        "routed_at": start + timedelta(seconds=2),
        "answered_at": start + timedelta(seconds=2),
        "ended_at": start + timedelta(seconds=15),
        "recording_url": "https://example.com/recordings/1.mp3",
        "recording_duration": 13,
        "transcription_text": "Hello.",
        **fields,
    }
    return make_call(company, tracker, **fields)


def make_text(company: Company, tracker: Tracker | None = None, **fields: Any) -> TextMessage:
    fields.setdefault("direction", TextMessage.Direction.INBOUND)
    fields.setdefault("customer_phone_number", "+12145550123")
    fields.setdefault("content", "Hello")
    return TextMessage.objects.create(company=company, tracker=tracker or make_tracker(company), **fields)


def make_form(company: Company, **fields: Any) -> FormSubmission:
    fields.setdefault("form_data", {"name": "Ann Example", "email": "ann@example.com"})
    return FormSubmission.objects.create(company=company, **fields)
