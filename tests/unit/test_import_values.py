"""Times, lengths, money and numbers in files, as phone systems and spreadsheets write them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from callhooks_site.intake.imports.amounts import CutNumber, read_amount, read_phone, read_whole_number
from callhooks_site.intake.imports.call_results import WrongCell, read_result
from callhooks_site.intake.imports.moments import UnclearDate, order_of, read_time
from callhooks_site.intake.imports.words import convert_choice

CHICAGO = ZoneInfo("America/Chicago")
AT = "2026-11-03 20:05:00"  # five past two in Chicago, in UTC


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2026-11-03 14:05", "iso"),
        ("2026-11-03T14:05:00", "us"),
        ("2026/11/03 14:05:00", "eu"),
        ("2026-11-03T20:05:00Z", "iso"),
        ("2026-11-03T20:05:00.000+00:00", "iso"),
        ("2026-11-03 14:05:00 -0600", "iso"),
        ("2026-11-03 02:05 PM -06:00", "us"),
        ("11/3/2026 2:05 PM", "us"),
        ("11/03/26 2:05pm", "us"),
        ("Tue 11/03/2026 2:05 p.m.", "us"),
        ("11-03-2026, 14:05:00", "us"),
        ("3.11.2026 14:05", "eu"),
        ("3.11.2026 14:05", "iso"),  # with dots the day is first everywhere
        ("3.11.2026 14:05", "us"),
        ("03/11/2026 14:05", "eu"),
        ("3-11-2026 14:05:00", "eu"),
        ("Nov 3, 2026 2:05 PM", "iso"),
        ("November 3, 2026 at 2:05 PM", "iso"),
        ("3 Nov 2026 14:05", "iso"),
        ("3-Nov-2026 14:05", "iso"),
        ("Tue, 03 Nov 2026 20:05:00 +0000", "iso"),
        ("20:05:00 UTC 2026-11-03", "iso"),
        ("2026-11-03 14:05:00 CST", "us"),
        ("2026-11-03 3:05 PM (EST)", "us"),
        ("1793736300", "iso"),
        ("1793736300000", "iso"),
    ],
)
def test_a_time_is_understood(text: str, order):
    moment = read_time(text, CHICAGO, order)
    assert moment is not None
    assert f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" == AT


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-03", "14:05", "11/3 2:05 PM", "2026-11-03 14:05 14:06", "Foo 3, 2026 2:05 PM"]
)
def test_what_is_no_date_with_a_time_is_none(text: str):
    assert read_time(text, CHICAGO, "us") is None


@pytest.mark.parametrize(
    ("text", "order", "words"),
    [
        ("11/3/2026 14:05", "iso", "month/day/year or day/month/year"),
        ("13/3/2026 14:05", "us", "no month 13 if the month comes first"),
        ("3/13/2026 14:05", "eu", "no month 13 if the day comes first"),
    ],
)
def test_an_unclear_date_is_refused(text: str, order, words: str):
    with pytest.raises(UnclearDate, match=words):
        read_time(text, CHICAGO, order)


@pytest.mark.parametrize("text", ["30.2.2026 14:05", "2026-11-03 25:05", "2026-11-03 13:05 PM"])
def test_a_day_or_hour_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match=r"day|hour"):
        read_time(text, CHICAGO, "us")


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["2026-11-03 14:05"], "iso"),
        (["11/3/2026 2:05 PM", "11/13/2026 2:05 PM"], "us"),
        (["3/11/2026 2:05", "13/11/2026 2:05"], "eu"),
        (["3.11.2026 2:05"], "eu"),
        (["11/3/2026 2:05"], None),
        ([], "iso"),
    ],
)
def test_the_order_of_dates_is_seen(texts: list[str], order):
    assert order_of(texts) == order


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("179", 179), ("179.0", 179), (" 179 ", 179), ("1,234", 1234), ("1 234", 1234), ("1'234", 1234),
        ("00:02:59", 179), ("2:59", 179), ("0:02:59", 179), ("1:00:00", 3600), ("00:02:59.500", 179),
        ("2m 59s", 179), ("2 min 59 sec", 179), ("179s", 179), ("1h 2m 3s", 3723), ("3 minutes", 180), ("1 hr", 3600),
        ("1.234", "1.234"), ("2.5", "2.5"), ("long", "long"), ("-5", "-5"), ("", ""), ("12:99x", "12:99x"),
    ],
)  # fmt: skip
def test_a_length_is_seconds(text: str, value: int | str):
    assert read_whole_number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,234.50", "1234.50"), ("1.234,50 €", "1234.50"), ("1 234,50", "1234.50"), ("€1'234.50", "1234.50"),
        ("USD 1,234.50", "1234.50"), ("1,234", "1234"), ("1,5", "1.5"), ("12.5", "12.5"), ("-3.00", "-3.00"),
        ("CA$ 20", "20"), ("1,234,567", "1234567"), ("none", "none"), ("1.2.3", "1.2.3"), ("$", "$"),
    ],
)  # fmt: skip
def test_money_is_an_amount(text: str, value: str):
    assert read_amount(text) == value


def test_dots_group_where_days_come_first():
    assert read_amount("1.234", dots_group=True) == "1234"
    assert read_whole_number("1.234", dots_group=True) == 1234


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12145550123.0", "12145550123"), ("'2145550123", "2145550123"), ('="2145550123"', "2145550123"),
        ("1.2145550123E+10", "12145550123"), ("(214) 555-0123", "(214) 555-0123"), ("+12145550123", "+12145550123"),
    ],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_changed_is_read(text: str, value: str):
    assert read_phone(text) == value


def test_a_number_that_a_spreadsheet_cut_is_refused():
    with pytest.raises(CutNumber, match="last digits are gone"):
        read_phone("1.21456E+10")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Inbound", "inbound"), ("Outbound Call", "outbound"), ("outbound-dial", "outbound"), ("Incoming", "inbound"),
        ("OUT", "outbound"), ("trunking-terminating", "outbound"), ("trunking-originating", "inbound"), ("up", "up"),
    ],
)  # fmt: skip
def test_a_direction_in_any_words(text: str, value: str):
    assert convert_choice(text, ["inbound", "outbound"]) == value


def test_a_choice_in_any_spelling():
    assert convert_choice("Good Lead", ["good_lead", "not_a_lead"]) == "good_lead"
    assert convert_choice("Best Lead", ["good_lead", "not_a_lead"]) == "Best Lead"


def test_a_result_that_is_not_known_is_refused():
    assert [read_result(word) for word in ("NO ANSWER", "no-answer", "Call connected", "Voicemail", "Hang Up")] == [
        "missed", "missed", "answered", "voicemail", "abandoned",
    ]  # fmt: skip
    with pytest.raises(WrongCell, match="“Perhaps” is not known"):
        read_result("Perhaps")
