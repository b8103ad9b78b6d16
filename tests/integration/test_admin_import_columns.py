"""The page on which somebody says what each column of a file is: a guess, the first lines under it, changes, and the
memory for the next file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from callhooks_site.intake.imports import job_mapping, tasks
from callhooks_site.intake.imports.models import ImportJob, ImportPiece, RememberedMapping
from calls.models import Call
from forms_intake.models import FormSubmission
from subscriptions.models import AuditEntry
from tests.integration.test_admin_imports import page, shown, upload
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.workbooks import make_workbook

pytestmark = pytest.mark.django_db
FILES = Path(__file__).resolve().parents[1] / "data" / "imports"
OWN = (
    "When,Who,Line,Length,Cost",
    "11/3/2026 2:05 PM,214-555-0123,214-555-0100,2m 59s,1",
    "11/4/2026 8:00 AM,214-555-0124,214-555-0100,0:41,2",
)


@pytest.fixture
def company():
    company = factories.make_company(time_zone="America/Chicago")
    factories.make_tracker(company, phone_number="+12145550100")
    return company


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def columns_page(job: ImportJob) -> str:
    return page(job, "columns")


def choose(client: Any, job: ImportJob, **changed: str) -> Any:
    """Press “Check file” after changing these fields."""
    form = filled_in(client.get(columns_page(job)).content.decode())
    given = {name: value for name, value in form.items() if name.startswith("m-")}
    return client.post(
        columns_page(job), {**given, **{f"m-{name}": value for name, value in changed.items()}, "do": "check"}
    )


def run_through(client: Any, job: ImportJob) -> None:
    tasks.work()
    client.post(page(job, "start"), {"publish": "no"})
    tasks.work()
    job.refresh_from_db()


def test_a_known_system_is_guessed_shown_and_imported(client):
    answer = upload(client, *(FILES / "callrail.csv").read_text().splitlines(), name="calls.csv")
    job = ImportJob.objects.get()
    assert (job.state, answer.headers["Location"]) == ("mapping", columns_page(job))
    html = client.get(columns_page(job)).content.decode()
    for words in ("read as a file of CallRail", "11/03/2026 2:05 PM", "2026-11-03 14:05:00", "+12145550123", "1234.50"):
        assert words in html, words
    assert "Choose columns" in shown(client, job)
    choose(client, job)
    job.refresh_from_db()
    assert job.state == "checking"
    run_through(client, job)
    assert (job.state, job.new, job.wrong) == ("done", 4, 0)
    assert Call.objects.order_by("start_time")[0].start_time.isoformat() == "2026-11-03T20:05:00+00:00"
    html = shown(client, job)
    assert "CallRail" in html
    assert "Number Name, First-Time Caller" in html  # columns left out
    assert AuditEntry.objects.filter(act="Chose the columns of a file", detail="callrail").count() == 1


def test_own_columns_are_chosen_and_remembered(client):
    upload(client, *OWN)
    job = ImportJob.objects.get()
    html = client.get(columns_page(job)).content.decode()
    assert 'value="us" selected' in html  # the order that American files have
    told = choose(client, job).content.decode()
    assert "No column says when" in told
    assert "No column says the direction" in told
    chosen = {"column_0": "start_time", "column_1": "customer_phone_number", "column_2": "tracking_phone_number",
              "column_3": "duration", "direction": "inbound", "name_1": "source", "value_1": "Old system"}  # fmt: skip
    assert choose(client, job, **chosen).status_code == 302
    run_through(client, job)
    assert (job.new, job.wrong) == (2, 0)
    first = Call.objects.order_by("start_time")[0]
    assert (first.duration, first.direction, first.source) == (179, "inbound", "Old system")
    upload(client, *OWN, OWN[1].replace("0123", "0125"))
    again = ImportJob.objects.latest("pk")
    assert again.state == "mapping"
    assert "what you chose for the last file" in client.get(columns_page(again)).content.decode()
    choose(client, again)
    tasks.work()
    again.refresh_from_db()
    assert (again.new, again.known, again.wrong) == (1, 2, 0)


def test_what_was_chosen_is_seen_before_it_is_checked(client):
    upload(client, *OWN)
    job = ImportJob.objects.get()
    given = {"m-column_0": "start_time", "m-column_3": "value", "m-dates": "eu", "m-direction": "inbound", "do": "show"}
    html = client.post(columns_page(job), given).content.decode()
    assert "Line 2, Length" in html  # by its name in the file
    given = {**given, "m-column_3": "duration", "m-column_2": "tracking_phone_number"}
    html = client.post(columns_page(job), given).content.decode()
    assert "2026-03-11 14:05:00" in html
    assert "<td>179</td>" in html
    job.refresh_from_db()
    assert job.state == "mapping"


def test_columns_can_be_chosen_again_after_the_check(client):
    upload(client, *OWN)
    job = ImportJob.objects.get()
    chosen = {"column_0": "start_time", "column_1": "customer_phone_number", "column_2": "business_phone_number",
              "direction": "inbound", "tracking_phone_number": "2145550199"}  # fmt: skip
    choose(client, job, **chosen)
    tasks.work()
    job.refresh_from_db()
    assert (job.state, job.wrong) == ("ready", 2)
    assert "not one of this company" in shown(client, job), [fault.words for fault in job.faults.all()]
    choose(client, job, column_2="tracking_phone_number", tracking_phone_number="")
    run_through(client, job)
    assert (job.state, job.new, job.wrong, Call.objects.count()) == ("done", 2, 0, 2)
    told = client.get(columns_page(job), follow=True).content.decode()
    assert "cannot be changed any more" in told


def test_two_columns_cannot_be_one_field(client):
    upload(client, *OWN)
    told = choose(client, ImportJob.objects.get(), column_0="start_time", column_3="start_time").content.decode()
    assert "“When” is this field already" in told


def test_another_system_may_be_chosen(client):
    upload(client, "Direction,From,To,Date,Time,Result", "Inbound,+12145550123,+12145550100,3/13/2026,2:05 PM,Missed")
    job = ImportJob.objects.get()
    html = client.get(columns_page(job), {"preset": "ringcentral"}).content.decode()
    assert "read as a file of RingCentral" in html
    assert client.get(columns_page(job), {"preset": "nothing"}).status_code == 200


def test_a_file_with_our_names_but_unclear_dates_is_asked_about(client):
    header = "direction,tracking_phone_number,start_time,duration"
    upload(client, header, "inbound,2145550100,11/3/2026 2:05 PM,5")
    job = ImportJob.objects.get()
    assert (job.state, job.mapping["dates"]) == ("mapping", "us")
    choose(client, job)
    tasks.work()
    job.refresh_from_db()
    assert (job.state, job.new) == ("ready", 1)


def test_the_only_number_is_suggested(client):
    upload(client, *(FILES / "3cx.csv").read_text().splitlines()[0:2], name="a.csv")
    job = ImportJob.objects.get()
    assert "tracking_phone_number" not in job.mapping["constants"]  # To says it
    upload(client, *(FILES / "ringcentral.csv").read_text().splitlines())
    job = ImportJob.objects.latest("pk")
    assert job.mapping["constants"]["tracking_phone_number"] == "+12145550100"
    choose(client, job)
    run_through(client, job)
    assert (job.new, job.wrong, job.left_out) == (4, 0, 1)
    assert "no call but “fax”" in shown(client, job)


def test_a_workbook_comes_the_same_way(client):
    rows = [["Start", "Caller", "Called number", "Seconds"], ["11/3/2026 2:05 PM", 12145550123, 12145550100, 5]]
    content = make_workbook(rows, Notes=[["x"]])
    upload_bytes(client, content, "calls.xlsx")
    job = ImportJob.objects.get()
    assert "Only the sheet “Calls” is read" in client.get(columns_page(job)).content.decode()
    choose(client, job, column_3="duration", direction="inbound")
    run_through(client, job)
    assert (job.new, job.wrong) == (1, 0)


def upload_bytes(client: Any, content: bytes, name: str) -> None:
    from io import BytesIO

    file = BytesIO(content)
    file.name = name
    client.post(
        reverse("admin:imports_importjob_add"), {"kind": "calls", "encoding": "auto", "source": "old", "file": file}
    )


def test_columns_of_a_form_are_its_fields_unless_said_otherwise(client):
    upload(client, "Timestamp,Name,Mail,Junk", "11/3/2026 14:05:00,Zoë,zoe@example.com,x", kind="forms")
    job = ImportJob.objects.get()
    assert job.state == "mapping"
    choose(client, job, column_3="")
    run_through(client, job)
    form = FormSubmission.objects.get()
    assert form.form_data == {"Name": "Zoë", "Mail": "zoe@example.com"}
    assert form.submitted_at.isoformat() == "2026-11-03T20:05:00+00:00"


def test_viewers_and_others_choose_nothing(client, company):
    upload(client, *OWN)
    job = ImportJob.objects.get()
    viewer = login(factories.make_member(company, "viewer"))
    assert viewer.get(columns_page(job)).status_code == 403
    assert viewer.post(columns_page(job), {"do": "check"}).status_code == 403
    assert "214-555-0123" not in shown(viewer, job)
    other = login(factories.make_member(factories.make_company("Other")))
    for answer in (other.get(columns_page(job)), other.post(columns_page(job), {"do": "check"})):
        assert "214-555-0123" not in answer.content.decode()
        assert answer.status_code == 302
    job.refresh_from_db()
    assert job.state == "mapping"


def test_what_is_remembered_is_the_companys_own_and_bounded(client, company, monkeypatch):
    monkeypatch.setattr(job_mapping, "MOST_REMEMBERED", 2)
    for number in range(3):
        upload(client, *(line + f",{number}" for line in (OWN[0] + f" {number}", *OWN[1:])))
        job = ImportJob.objects.latest("pk")
        choose(client, job, column_0="start_time", column_2="tracking_phone_number", direction="inbound")
        client.post(page(job, "cancel"))
    assert RememberedMapping.objects.filter(company=company).count() == 2
    other = factories.make_company("Other")
    upload(login(factories.make_member(other)), OWN[0] + " 2,2", OWN[1] + ",2")
    assert ImportJob.objects.latest("pk").mapping["columns"]["When"] == ""


def test_a_file_whose_columns_nobody_chooses_is_dropped(client):
    upload(client, *OWN)
    ImportJob.objects.update(created_at="2026-01-01T00:00:00Z")
    tasks.work()
    assert ImportJob.objects.get().state == "cancelled"
    assert not ImportPiece.objects.exists()


def test_a_header_of_another_world_does_no_harm(client):
    upload(client, '<script>alert(1)</script>,"=cmd()",' + "x" * 3_000, "1,2,3", "1,2,3")
    job = ImportJob.objects.get()
    html = client.get(columns_page(job)).content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
