"""Values of Post-Call: call types, durations, money, numbers, scores."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.events import bodies_of
from tests.support.factories import make_call, make_company

pytestmark = pytest.mark.django_db

# The night in which New York's clocks go forward, at 07:00 UTC.
START = datetime(2026, 3, 8, 6, 59, 59, 236_000, tzinfo=UTC)


def post_call(**fields):
    company = make_company(recording_expected=False, transcription_expected=False)
    times = {"start_time": START, "ended_at": START + timedelta(seconds=13)}
    (body,) = bodies_of(make_call(company, **{**times, **fields}), "post_call")
    return body


@pytest.mark.parametrize(
    ("fields", "told", "formatted"),
    [
        ({"answered_at": START}, "answered", "Answered Call"),
        ({}, "missed", "Missed Call"),
        ({"abandoned": True}, "abandoned", "Abandoned Call"),
        ({"voicemail": True}, "voicemail", "Voicemail"),
        ({"direction": "outbound"}, "outbound", "Outbound Call"),
        ({"direction": "outbound", "answered_at": START}, "outbound", "Outbound Call"),
    ],
)
def test_call_types(fields, told, formatted):
    body = post_call(**fields)
    assert (body["call_type"], body["formatted_call_type"]) == (told, formatted)
    assert body["answered"] is ("answered_at" in fields)
    assert body["voicemail"] is ("voicemail" in fields)


def test_a_transcribed_voicemail_has_a_call_type_of_its_own():
    assert post_call(voicemail=True, transcription_text="Call me.")["call_type"] == "voicemail_transcription"


@pytest.mark.parametrize(
    ("fields", "seconds", "formatted"),
    [
        ({"duration": 0}, "0", "0s"),
        ({"duration": 13}, "13", "13s"),
        ({"duration": 59}, "59", "59s"),
        ({"duration": 60}, "60", "1m 0s"),
        ({"duration": 179}, "179", "2m 59s"),
        ({"duration": 3600}, "3600", "1h 0m 0s"),
        ({"duration": 3723}, "3723", "1h 2m 3s"),
        ({"duration": 360_000}, "360000", "100h 0m 0s"),
        # From the times: from answer to end, across the change of the clocks.
        ({"answered_at": START, "ended_at": START + timedelta(seconds=3723)}, "3723", "1h 2m 3s"),
        ({"direction": "outbound", "duration": 0}, "0", "(abandoned)"),
        ({"direction": "outbound", "ended_at": START}, "0", "(abandoned)"),
        ({"direction": "outbound", "duration": 5}, "5", "5s"),
        ({"abandoned": True, "duration": 7}, "7", "(abandoned)"),
        # Somebody answered after all, whatever the flag says.
        ({"abandoned": True, "duration": 7, "answered_at": START}, "7", "7s"),
    ],
)
def test_durations(fields, seconds, formatted):
    body = post_call(**fields)
    assert (body["duration"], body["formatted_duration"]) == (seconds, formatted)


@pytest.mark.parametrize(
    ("value", "told", "formatted"),
    [
        (None, "", "--"),
        (Decimal("0"), "0.00", "$0.00"),
        (Decimal("0.5"), "0.50", "$0.50"),
        (Decimal("125"), "125.00", "$125.00"),
        (Decimal("125.25"), "125.25", "$125.25"),
    ],
)
def test_values(value, told, formatted):
    body = post_call(value=value)
    assert (body["value"], body["formatted_value"]) == (told, formatted)


@pytest.mark.parametrize(
    ("number", "formatted"),
    [
        ("+12145550159", "214-555-0159"),
        ("+18765550123", "876-555-0123"),  # Jamaica is +1 too
        ("+442079460018", "+44 20 7946 0018"),
        ("+61491570006", "+61 491 570 006"),
        ("+390212345678", "+39 02 1234 5678"),  # the leading zero is part of the number
    ],
)
def test_numbers_of_the_customer_and_the_business(number, formatted):
    body = post_call(customer_phone_number=number, business_phone_number=number)
    assert body["customer_number"] == body["customer_phone_number"] == body["callernum"] == number
    assert body["business_phone_number"] == body["destinationnum"] == number
    assert body["formatted_customer_phone_number"] == body["formatted_business_phone_number"] == formatted
    assert body["formatted_customer_name_or_phone_number"] == formatted


@pytest.mark.parametrize(
    ("own", "told", "score"),
    [("", "", ""), ("good_lead", "good_lead", 1), ("not_a_lead", "not_a_lead", "")],
)
def test_score_of_a_call_without_earlier_ones(own, told, score):
    body = post_call(lead_status=own)
    assert (body["lead_status"], body["score"], body["good_lead_call_id"]) == (told, score, "")
