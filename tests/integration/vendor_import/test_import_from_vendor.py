"""A company is brought over from our own API v3: whole, without webhooks, however often the import is stopped."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from calls.bulk import create_calls
from calls.models import Call, Tag
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import Delivery, Event
from tests.support.factories import make_call, make_company, make_key, make_subscription, make_tracker
from tests.support.vendor_import import ask, importer, shown

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
PAGE = 7


@pytest.fixture
def source(monkeypatch):
    """A company with some of everything, over several pages; nothing of it was told to anybody."""
    monkeypatch.setattr("callhooks_site.intake.vendor_import.run.PER_PAGE", PAGE)
    company = make_company("Source", time_zone="America/Denver", recording_expected=False)
    ads = make_tracker(company, source="google_paid", destination_number="+12145550199")
    radio = make_tracker(company, name="Radio", source="offline", active=False)
    roof = Tag.objects.create(company=company, name="Roof", color="blue1")
    Tag.objects.create(company=company, name="Old", level="account", active=False)
    start = timezone.now() - timedelta(days=300)
    calls = [_past_call(company, ads, radio, start, number) for number in range(18)]
    create_calls(calls, publish=False)
    tagged = Call.tags.through
    tagged.objects.bulk_create(tagged(call_id=call.pk, tag_id=roof.pk) for call in calls[::3])
    for number in range(9):
        sent, customer = start + timedelta(days=number), f"+1214555{1000 + number}"
        pictures = ["https://example.com/1.jpg"] if number else []
        said = {"customer_phone_number": customer, "company": company, "tracker": ads}
        _untold(TextMessage(**said, content="Hi", direction="inbound", sent_at=sent, media_urls=pictures))
        sent += timedelta(minutes=1)
        _untold(TextMessage(**said, content="Yes", direction="outbound", sent_at=sent))
        more = {"note": "note", "value": 5, "lead_status": "good_lead"} if number == 3 else {}
        form = _untold(
            FormSubmission(
                company=company, form_data={"name": f"Person {number}", "email": f"p{number}@example.com", "a": "ü"},
                submitted_at=start + timedelta(days=number), source="Yelp", utm_campaign="c", **more,
            )
        )  # fmt: skip
        if more:
            form.tags.add(roof)
    thread = Thread.objects.filter(company=company).first()
    thread.note, thread.value, thread.lead_status, thread.archived = "note", 7, "good_lead", True
    thread.save()
    thread.tags.add(roof)
    return company


def _past_call(company, ads, radio, start, number):
    """Not saved: missed, a voicemail, or answered, in or out."""
    kind, began = number % 6, start + timedelta(hours=number // 2)
    fields: dict[str, Any] = {
        "start_time": began, "customer_phone_number": f"+1214555{1000 + number % 5}",
        "customer_name": f"Person {number}", "source": "Google Paid", "note": "x\ny", "utm_source": "google",
        "milestones": {"first_touch": {"source": "Google"}}, "agent_email": "ann@example.com",
        "keypad_entries": ["1"], "value": Decimal("12.50") if number % 2 else None,
    }  # fmt: skip
    if kind == 0:
        return Call(company=company, tracker=radio, **fields, ended_at=began + timedelta(seconds=9), duration=9)
    if kind == 1:
        ended = began + timedelta(seconds=30)
        return Call(company=company, tracker=ads, **fields, voicemail=True, ended_at=ended, transcription_text="Hello")
    return Call(
        company=company, tracker=ads, **fields, direction="outbound" if kind == 2 else "inbound", answered_at=began,
        ended_at=began + timedelta(seconds=15), recording_url="https://example.com/recordings/1.mp3",
        recording_duration=13, transcription_text="Hello.",
        lead_status={3: "good_lead", 4: "not_a_lead"}.get(kind, ""),
    )  # fmt: skip


def _untold(row):
    """Saved, without its webhook: nobody asks for it here."""
    row.fires_no_event = True
    row.save()
    return row


@pytest.fixture
def token(source):
    return make_key(source, ["read"])


@pytest.fixture
def target():
    company = make_company("Target")
    make_subscription(company)
    return company


class Stopped(BaseException):
    """As a kill does it: nothing is tidied up."""


def stopping_after(number):
    left = [number]

    def get(url, headers):
        if not left[0]:
            raise Stopped
        left[0] -= 1
        return ask(url, headers)

    return get


def numbers(company):
    return [model.objects.filter(company=company).count() for model in (Call, FormSubmission, TextMessage)]


def test_everything_comes_and_no_webhook_goes(source, target, token):
    counts = {each.kind: (each.new, each.wrong) for each in importer(source, target, token).run()}
    assert counts == {
        "trackers": (2, 0), "tags": (2, 0), "calls": (18, 0), "forms": (9, 0), "texts": (18, 0), "threads": (0, 0)
    }  # fmt: skip
    assert shown(target) == shown(source)
    assert not Event.objects.filter(company=target).exists()
    call = Call.objects.filter(company=target).first()
    assert (call.external_source, call.external_id[:3]) == ("callrail", "CAL")


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("requests", [2, 6, 9, 14, 20])
def test_one_that_is_stopped_goes_on(source, target, token, requests):
    with pytest.raises(Stopped):
        importer(source, target, token, get=stopping_after(requests)).run()
    importer(source, target, token).run()
    assert numbers(target) == numbers(source) == [18, 9, 18]
    assert shown(target) == shown(source)


def test_what_is_here_is_not_asked_for_again(source, target, token):
    asked = []

    def get(url, headers):
        asked.append(url)
        return ask(url, headers)

    importer(source, target, token, get=get).run()
    first = [url for url in asked if "/calls" in url]
    asked.clear()
    make_call(
        source,
        source.trackers.first(),
        start_time=timezone.now() - timedelta(minutes=1),
        ended_at=timezone.now(),
        duration=5,
    )
    importer(source, target, token, get=get).run()
    again = [url for url in asked if "/calls" in url]
    assert len(first) == 3
    assert len(again) == 1
    assert numbers(target)[0] == 19


def test_webhooks_where_they_are_asked_for(source, target, token):
    importer(source, target, token, publish=True, since="2000-01-01").run()
    assert Delivery.objects.filter(company=target, event__type="post_call").count() == 18


def test_a_call_that_runs_comes_when_it_is_over(source, target, token):
    call = make_call(source, source.trackers.first())
    importer(source, target, token).run()
    assert numbers(target)[0] == 18
    call.ended_at = timezone.now()
    call.save()
    importer(source, target, token).run()
    assert numbers(target)[0] == 19
