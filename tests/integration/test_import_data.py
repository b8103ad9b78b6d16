"""`manage.py import_data`."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calls.models import Call, Person
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import AuditEntry, Company, Event
from tests.support.factories import make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db
HEADER = "direction,tracking_phone_number,customer_phone_number,start_time,ended_at,duration,spam,tags,note"
ROW = 'inbound,(214) 555-0100,214-555-0123,2026-01-05 09:00:00,2026-01-05T15:02:00Z,120,no,"New; Web","a, b"'


@pytest.fixture
def company() -> Company:
    company = make_company(time_zone="America/Chicago")
    make_tracker(company, phone_number="+12145550100")
    make_subscription(company)
    return company


def run(kind: str, file: Path, company: Company, *options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command(
            "import_data", kind, str(file), f"--company={company.resource_id}", *options, stdout=out, stderr=err
        )
    except CommandError as error:
        err.write(str(error))
    return out.getvalue(), err.getvalue()


def write(path: Path, *lines: Any) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def test_calls_out_of_csv_once_and_untold(company: Company, tmp_path: Path):
    file = write(tmp_path / "a.csv", HEADER, ROW, ROW, ROW.replace("0123", "0124"))
    out, _ = run("calls", file, company, "--preview")
    assert "2 calls would be created" in out
    assert "1 are known already" in out
    assert not Call.objects.exists()
    assert not Person.objects.exists()
    assert not AuditEntry.objects.exists()
    for made, known in ((2, 1), (0, 3)):
        out, err = run("calls", file, company)
        assert f"{made} calls created" in out
        assert f"{known} are known already" in out
        assert err == ""
    call = Call.objects.order_by("pk")[0]
    assert call.start_time.isoformat() == "2026-01-05T15:00:00+00:00"  # nine in Chicago
    assert (call.duration, call.spam, call.note, call.external_source) == (120, False, "a, b", "import")
    assert sorted(call.tags.values_list("name", flat=True)) == ["New", "Web"]
    assert not Event.objects.exists()
    call.note = "changed"
    call.save()
    assert Event.objects.get().type == "call_modified"  # what was there counts as told
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.company) == ("Imported", company)
    assert "2 calls from a.csv, without webhooks" in entry.detail


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"], ids=["lone CR", "CR LF", "LF"])
def test_every_kind_of_line_end_is_one(company: Company, tmp_path: Path, end: str):
    rows = [ROW.replace("0123", f"012{number}") for number in range(5)]
    file = tmp_path / "a.csv"
    file.write_bytes(end.join([HEADER, *rows, ""]).encode())
    out, _ = run("calls", file, company)
    assert Call.objects.count() == 5, out


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_that_names_the_separator_is_no_header(company: Company, tmp_path: Path, first: str):
    file = write(tmp_path / "a.csv", first, HEADER.replace(",", ";"), ROW.replace(",", ";"))
    out, _ = run("calls", file, company)
    assert Call.objects.count() == 1, out


def test_errors_are_told_by_line_and_the_rest_comes_in(company: Company, tmp_path: Path):
    file = tmp_path / "a.csv"
    rows = [ROW, ROW.replace("120", "long"), ROW.replace("5550100", "5550199").replace("555-0100", "555-0199"), "a;b"]
    file.write_bytes(
        ("\r\n".join([HEADER, *rows, ROW + ",x", ROW.replace("a, b", "\x00")]) + "\r\n").encode() + b"\xff\n"
    )
    out, err = run("calls", file, company)
    assert "1 calls created" in out
    assert "6 lines are wrong" in err
    told = list(csv.DictReader(StringIO((tmp_path / "a.csv.errors.csv").read_text())))
    assert {row["line"] for row in told} == {"3", "4", "5", "6", "7", "8"}
    assert [(row["column"], row["error"]) for row in told[:2]] == [
        ("duration", "This must be a whole number."),
        ("tracking_phone_number", "'+12145550199 is not one of this company's tracking numbers. Add it first."),
    ]
    assert "Line 3: duration: This must be a whole number." in err


def test_with_publish_webhooks_go_out(company: Company, tmp_path: Path):
    call = {"direction": "inbound", "tracking_phone_number": "+12145550100", "external_id": "1", "duration": 5,
            "customer_phone_number": "+12145550123", "start_time": "2026-01-05T15:00:00Z",
            "ended_at": "2026-01-05T15:02:00Z"}  # fmt: skip
    text = {"direction": "inbound", "tracking_phone_number": "+12145550100", "customer_phone_number": "+12145550123",
            "content": "Hi  ", "sent_at": "2026-01-05T09:00:00"}  # fmt: skip
    for kind, line in (("calls", call), ("texts", text), ("forms", {"name": "Ann", "source": "ad"})):
        out, err = run(kind, write(tmp_path / f"{kind}.jsonl", line), company, "--publish", "--source=old")
        assert (f"1 {kind} created" in out, err) == (True, "")
    assert list(Event.objects.order_by("pk").values_list("type", flat=True)) == [
        "post_call", "text_message_received", "form_submission",
    ]  # fmt: skip
    assert Call.objects.get().external_source == "old"
    assert TextMessage.objects.get().content == "Hi  "
    assert (FormSubmission.objects.get().form_data, FormSubmission.objects.get().source) == ({"name": "Ann"}, "ad")


def test_texts_and_forms_without_webhooks(company: Company, tmp_path: Path):
    texts = write(
        tmp_path / "t.csv",
        "direction;tracking_phone_number;customer_phone_number;content;media_urls",
        "outbound;+12145550100;+12145550123;Yes;https://example.com/a https://example.com/b",
    )
    forms = write(
        tmp_path / "f.csv", "Your name,Mail,utm_source,When,junk", "Ann,ann@example.com,ad,2026-01-05 09:00,x"
    )
    mapping = ["--column", "When=submitted_at", "--column", "junk="]
    for _ in range(2):
        assert run("texts", texts, company)[1] == ""
        assert run("forms", forms, company, *mapping)[1] == ""
    assert len(TextMessage.objects.get().media_urls) == 2
    form = FormSubmission.objects.get()
    assert (form.form_data, form.utm_source) == ({"Your name": "Ann", "Mail": "ann@example.com"}, "ad")
    assert form.submitted_at.isoformat() == "2026-01-05T15:00:00+00:00"
    assert not Event.objects.exists()


def test_json_lines_that_cannot_be_stored(company: Company, tmp_path: Path):
    lines = ["[1]", "{", '{"a": NaN}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "", "[" * 50_000, {"a": "😀"}]
    out, err = run("forms", write(tmp_path / "f.jsonl", *lines), company)
    assert "1 forms created" in out
    assert "6 lines are wrong" in err


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("a.csv", "", [], "must name the columns"),
        ("a.csv", "note,note\n", [], "Unknown columns: note (2)"),
        ("a.csv", "direction,Caller\nx,y\n", [], "Unknown columns: Caller"),
        ("a.csv", "direction\nx\n", ["--column", "Caller=note"], "no column Caller"),
        ("a.csv", "direction\nx\n", ["--column", "note"], "--map note: write"),
        ("a.txt", "x", [], "--format csv"),
        ("a.csv", "direction\nx\n", ["--encoding", "nothing"], "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(
    company: Company, tmp_path: Path, name: str, content: str, options: list[str], words: str
):
    (tmp_path / name).write_text(content)
    assert words in run("calls", tmp_path / name, company, *options)[1]


def test_a_company_that_is_not_there(tmp_path: Path):
    with pytest.raises(CommandError, match="no company COM1"):
        call_command("import_data", "calls", str(tmp_path / "a.csv"), "--company=COM1")


def test_a_past_call_with_a_duration_is_over(company: Company, tmp_path: Path):
    file = write(tmp_path / "a.csv", "Direction,Tracking Phone Number,START_TIME,Duration,Tags",
                 "inbound,214-555-0100,2026-01-05T15:00:00Z,125,New; Web")  # fmt: skip
    out, err = run("calls", file, company, "--publish")
    assert "1 calls created" in out, err
    call = Call.objects.get()
    assert (call.ended_at - call.start_time).total_seconds() == 125
    assert sorted(call.tags.values_list("name", flat=True)) == ["New", "Web"]
    assert "post_call" in Event.objects.values_list("type", flat=True)


def test_a_renamed_column_stands_as_it_is_written(company: Company, tmp_path: Path):
    file = write(tmp_path / "a.csv", "direction,tracking_phone_number,start_time,Note",
                 "inbound,214-555-0100,2026-01-05T15:00:00Z,hello")  # fmt: skip
    out, err = run("calls", file, company, "--column", "Note=customer_name")
    assert "1 calls created" in out, err
    assert Call.objects.get().customer_name == "hello"
