"""`import_data` takes the files of call trackers and phone systems as they write them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calls.call_states import call_type
from calls.models import Call
from subscriptions.models import Company
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db
FILES = Path(__file__).resolve().parents[1] / "data" / "imports"
TRACKING = "tracking_phone_number=+12145550100"


@pytest.fixture
def company() -> Company:
    company = make_company(time_zone="America/Chicago")
    make_tracker(company, phone_number="+12145550100")
    return company


def run(company: Company, file: Path, *options: str, kind: str = "calls") -> dict[str, Any]:
    out, err = StringIO(), StringIO()
    try:
        call_command(
            "import_data", kind, str(file), f"--company={company.pk}", "--json", *options, stdout=out, stderr=err
        )
    except CommandError as error:
        return {**json.loads(out.getvalue() or "{}"), "failed": str(error)}
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def told() -> list[tuple[str, str, str, int | None]]:
    """Start in UTC, kind, customer and length of each call, in the order of starts."""
    return [
        (f"{call.start_time:%m-%d %H:%M}", call_type(call), call.customer_phone_number[-4:], call.duration)
        for call in Call.objects.order_by("start_time")
    ]


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("name", "options", "left_out", "calls"),
    [
        ("callrail", [], {}, [
            ("11-03 20:05", "answered", "0123", 179), ("11-03 21:15", "missed", "0124", 12),
            ("11-04 14:00", "voicemail", "0125", 41), ("11-04 15:00", "outbound", "0123", 60),
        ]),
        ("calltrackingmetrics", [], {"no call but “msg_inbound”": 1}, [
            ("11-03 20:05", "answered", "0123", 179), ("11-03 21:15", "missed", "0124", 20),
            ("11-04 15:00", "outbound", "0125", 61),
        ]),
        ("whatconverts", [], {"no call but “web form”": 1}, [
            ("11-03 19:05", "answered", "0123", 179), ("11-03 20:15", "missed", "0124", 0),
            ("11-04 13:00", "voicemail", "0125", 41),
        ]),
        ("asterisk", [], {"a call inside the company": 1}, [
            ("11-03 20:05", "answered", "0123", 179), ("11-03 21:15", "missed", "0124", 0),
            ("11-04 14:00", "voicemail", "0125", 41), ("11-04 15:00", "outbound", "0126", 60),
        ]),
        ("3cx", ["--set", TRACKING], {"a call inside the company": 1, "a line of totals": 1}, [
            ("11-03 20:05", "answered", "0123", None), ("11-03 21:15", "missed", "0124", None),
            ("11-04 15:00", "outbound", "0125", None),
        ]),
        ("3cx-cdr", [], {}, [("11-03 20:05", "answered", "0123", None), ("11-03 21:15", "missed", "0124", None)]),
        ("ringcentral", ["--set", TRACKING], {"no call but “fax”": 1}, [
            ("11-03 20:05", "answered", "0123", 179), ("11-03 21:15", "missed", "0124", 20),
            ("11-04 14:00", "voicemail", "0125", 41), ("11-04 15:00", "outbound", "0126", 60),
        ]),
        ("twilio", [], {"a leg of another call": 1}, [
            ("11-03 20:05", "answered", "0123", 179), ("11-03 21:15", "missed", "", 0),
            ("11-04 15:00", "outbound", "0126", 0),
        ]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_of_each_system_comes_in_without_a_refused_line(
    company: Company, name: str, options: list[str], left_out: dict[str, int], calls: list[Any]
):
    file, preset = FILES / f"{name}.csv", name.removesuffix("-cdr")
    result = run(company, file, "--preset", preset, *options)
    assert (result["errors"], result["wrong"]) == ([], 0)
    assert told() == calls
    assert (result["new"], result["left_out"]) == (len(calls), left_out)
    assert set(Call.objects.values_list("external_source", flat=True)) == {preset}
    again = run(company, file, "--preset", "guess", *options)
    assert (again["mapping"]["preset"], again["new"], again["known"]) == (preset, 0, len(calls))


def test_what_callrail_says_is_kept(company: Company):
    run(company, FILES / "callrail.csv", "--preset", "callrail")
    call = Call.objects.order_by("start_time")[0]
    assert (call.customer_name, call.customer_city, call.source, call.medium) == (
        "Ann Lee",
        "Dallas",
        "Google Ads",
        "cpc",
    )
    assert (str(call.value), call.lead_status, call.recording_duration) == ("1234.50", "good_lead", 179)
    assert sorted(call.tags.values_list("name", flat=True)) == ["New", "Roof"]
    assert call.ended_at is not None
    assert call.answered_at == call.start_time
    assert call.note == "Asked for a quote, calls back"


def test_ringing_and_talking_become_times(company: Company):
    run(company, FILES / "3cx.csv", "--preset", "3cx", "--set", TRACKING)
    call = Call.objects.order_by("start_time")[0]
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert (call.answered_at - call.start_time).total_seconds() == 8
    assert (call.ended_at - call.answered_at).total_seconds() == 179
    assert call.customer_name == "Ann Lee"


def test_texts_of_twilio(company: Company, tmp_path: Path):
    from messaging.models import TextMessage

    file = tmp_path / "log.csv"
    file.write_text(
        "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit\n"
        "+12145550123,+12145550100,Hi,received,2026-11-03T20:05:00Z,2010-04-01,1,,AC0,SM1,inbound,-0.0079,USD\n"
        "+12145550100,+12145550123,Hello,delivered,2026-11-03T20:06:00Z,2010-04-01,1,,AC0,SM2,outbound-reply,,USD\n"
    )
    result = run(company, file, "--preset", "twilio", kind="texts")
    assert (result["new"], result["wrong"]) == (2, 0), result
    assert list(TextMessage.objects.order_by("sent_at").values_list("direction", "content")) == [
        ("inbound", "Hi"), ("outbound", "Hello"),
    ]  # fmt: skip


def test_columns_constants_and_dates_are_told(company: Company, tmp_path: Path):
    file = tmp_path / "calls.csv"
    file.write_text(
        "Wann,Wer,Dauer,Rest\n3.11.2026 14:05,214-555-0123,2m 59s,x\n4/11/2026 8:00,214-555-0124,00:00:41,x\n"
    )
    options = ["--map", "Wann=start_time", "--map", "Wer=customer_phone_number", "--map", "Dauer=duration"]
    options += ["--set", "direction=inbound", "--set", TRACKING, "--dates", "eu"]
    refused = run(company, file, *options)
    assert "Unknown columns: Rest" in refused["failed"]
    result = run(company, file, *options, "--map", "Rest=", "--zone", "Europe/Vienna")
    assert (result["new"], result["columns_left_out"]) == (2, ["Rest"])
    assert told() == [("11-03 13:05", "missed", "0123", 179), ("11-04 07:00", "missed", "0124", 41)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--map", "Wann=begin"], "There is no field begin"),
        (["--map", "Wo=start_time"], "The file has no column Wo"),
        (["--set", "direction"], "--set direction: write --set NAME=VALUE"),
        (["--set", "way=inbound"], "There is no field way"),
        (["--zone", "Europe/Nowhere"], "there is no such time zone"),
        ([], "The file looks like one of Twilio: add --preset twilio"),
    ],
)
def test_what_is_told_wrongly_is_said(company: Company, tmp_path: Path, options: list[str], words: str):
    file = tmp_path / "calls.csv"
    file.write_text("Call Sid,From,To,Direction,Wann\n1,2,3,inbound,4\n")
    assert words in run(company, file, *options)["failed"]


def test_a_word_or_date_that_is_not_known_is_an_error_of_its_line(company: Company, tmp_path: Path):
    file = tmp_path / "calls.csv"
    file.write_text(
        "Status,Tracking Number,Caller,Start Time,Duration\n"
        "Perhaps,2145550100,2145550123,2026-11-03 14:05,5\n"
        "Answered,2145550100,2145550123,3/11/2026 14:05,5\n"
        "Answered,2145550100,1.21456E+10,2026-11-03 14:05,5\n"
    )
    result = run(company, file, "--preset", "guess", "--set", "direction=inbound")
    assert [(each["line"], each["column"]) for each in result["errors"]] == [
        (2, "Status"), (3, "Start Time"), (4, "Caller"),
    ]  # fmt: skip
    assert "month/day/year or day/month/year" in result["errors"][1]["error"]
    assert "last digits are gone" in result["errors"][2]["error"]


def test_numbers_without_plus_are_of_the_companys_country(tmp_path: Path):
    company = make_company(time_zone="Europe/Paris")
    make_tracker(company, phone_number="+33142685300")
    file = tmp_path / "calls.csv"
    file.write_text(
        "src,dst,disposition,start,billsec\n"
        "06 12 34 56 78,01 42 68 53 00,ANSWERED,03/11/2026 14:05,5\n"
        "01 42 68 53 00,06 12 34 56 78,ANSWERED,03/11/2026 15:05,5\n"
        "Anonymous,0142685300,NO ANSWER,03/11/2026 16:05,0\n"
    )
    result = run(company, file, "--preset", "asterisk", "--dates", "eu")
    assert result["errors"] == []
    assert list(Call.objects.order_by("start_time").values_list("direction", "customer_phone_number")) == [
        ("inbound", "+33612345678"), ("outbound", "+33612345678"), ("inbound", ""),
    ]  # fmt: skip
