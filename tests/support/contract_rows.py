"""Companies with many rows of everything that API v3 lists, made in bulk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from calls.models import Call, Person, Tag, Tracker
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import Company, Membership

# None, one, a page of calls, a page and one, and one more than fits the largest page.
SIZES = (0, 1, 100, 101, 251)
# Three rows have the same time, so that pages end between equal ones.
SAME_TIME = 3


def number(index: int, area: int = 214) -> str:
    """Invented ones: 555-0100 to 555-0199 of many area codes."""
    return f"+1{area + index // 100}55501{index % 100:02}"


def at(newest: datetime, index: int) -> datetime:
    return newest - timedelta(minutes=index // SAME_TIME)


def fill(company: Company, count: int, newest: datetime) -> dict[str, list[Any]]:
    """Ids by the path of the list, in the order in which that list gives them by default, as far as it has one."""
    trackers = Tracker.objects.bulk_create(
        Tracker(company=company, name=f"Line {index:04}", phone_number=number(index, 300)) for index in range(count)
    )
    tags = Tag.objects.bulk_create(Tag(company=company, name=f"tag {index:04}") for index in range(count))
    people = Person.objects.bulk_create(
        Person(company=company, phone=number(index), name=f"Person {index:04}") for index in range(count)
    )
    users = User.objects.bulk_create(
        User(username=f"c{company.pk}-{index}@example.com", email=f"c{company.pk}-{index}@example.com")
        for index in range(count)
    )
    Membership.objects.bulk_create(Membership(company=company, user=user) for user in users)
    calls = Call.objects.bulk_create(
        Call(
            company=company, tracker=trackers[0], person=person, customer_phone_number=person.phone,
            customer_name=f"caller {index % 7}", start_time=at(newest, index), ended_at=at(newest, index),
        )
        for index, person in enumerate(people)
    )  # fmt: skip
    forms = FormSubmission.objects.bulk_create(
        FormSubmission(company=company, person=person, form_data={"a": "b"}, submitted_at=at(newest, index))
        for index, person in enumerate(people)
    )
    threads = Thread.objects.bulk_create(
        Thread(
            company=company, tracker=trackers[0], person=person, last_message_at=at(newest, index),
            conversation_id=f"{index:05}",
        )
        for index, person in enumerate(people)
    )  # fmt: skip
    TextMessage.objects.bulk_create(
        TextMessage(
            company=company, tracker=thread.tracker, thread=thread, direction="inbound", content="Hello",
            customer_phone_number=thread.person.phone, sent_at=thread.last_message_at,
        )
        for thread in threads
    )  # fmt: skip
    return {
        "calls": [call.resource_id for call in calls],
        "form_submissions": [form.resource_id for form in forms],
        "text-messages": [thread.conversation_id for thread in threads],
        "sms-threads": [thread.resource_id for thread in threads],
        "leads": [person.resource_id for person in people],
        "trackers": [tracker.resource_id for tracker in trackers],
        "tags": [tag.pk for tag in tags],
        "users": [user.email for user in users],
    }


def arrivals(company: Company, newest: datetime) -> dict[str, Callable[[], None]]:
    """By the path of a list: adds rows to it, newer ones and one of the past."""
    tracker = Tracker.objects.filter(company=company).first()
    moments = [newest + timedelta(minutes=1), newest + timedelta(minutes=2), newest - timedelta(minutes=1)]

    def calls() -> None:
        for moment in moments:
            Call.objects.create(
                company=company, tracker=tracker, customer_phone_number=number(5, 900), start_time=moment
            )

    def forms() -> None:
        for moment in moments:
            FormSubmission.objects.create(company=company, form_data={"phone": number(6, 900)}, submitted_at=moment)

    def texts() -> None:
        for index, moment in enumerate(moments):
            TextMessage.objects.create(
                company=company, tracker=tracker, direction="inbound", customer_phone_number=number(10 + index, 900),
                content="Hi", sent_at=moment,
            )  # fmt: skip

    def leads() -> None:
        first = Person.objects.filter(company=company, name="Anew").count()
        for index in range(first, first + 3):
            Person.objects.create(company=company, phone=number(20 + index, 900), name="Anew")

    return {"calls": calls, "form_submissions": forms, "text-messages": texts, "sms-threads": texts, "leads": leads}
