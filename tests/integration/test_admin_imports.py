"""Importing a file in the admin: checked, started, done in the background, with an error for each wrong line."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection
from django.urls import reverse

from callhooks_site.intake.imports import jobs, steps, tasks
from callhooks_site.intake.imports.models import ImportFault, ImportJob, ImportPiece
from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import AuditEntry, Event
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db

ADD = reverse("admin:imports_importjob_add")
LIST = reverse("admin:imports_importjob_changelist")
HEADER = "direction,tracking_phone_number,customer_phone_number,start_time,ended_at,duration,external_id"


def row(number: int, **changed: str) -> str:
    values = {"direction": "inbound", "tracking": "+12145550100", "customer": "+12145550123", "duration": "5"} | changed
    return (
        f"{values['direction']},{values['tracking']},{values['customer']},2026-01-05T15:00:00Z,2026-01-05T15:02:00Z,"
        f"{values['duration']},{number}"
    )


@pytest.fixture
def company():
    company = factories.make_company()
    factories.make_tracker(company, phone_number="+12145550100")
    factories.make_subscription(company)
    return company


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def upload(client: Any, *lines: str, name: str = "old.csv", **more: Any) -> Any:
    file = BytesIO(("\n".join(lines) + "\n").encode())
    file.name = name
    form = filled_in(client.get(ADD).content.decode())
    return client.post(ADD, {**form, "file": file, **more})


def page(job: ImportJob, kind: str = "change") -> str:
    return reverse(f"admin:imports_importjob_{kind}", args=[job.pk])


def shown(client: Any, job: ImportJob) -> str:
    return client.get(page(job)).content.decode()


def test_it_is_looked_at_then_decided_then_made(client, company):
    answer = upload(client, HEADER, row(1), row(2), row(2), row(3, duration="long"))
    job = ImportJob.objects.get()
    assert answer.headers["Location"] == page(job)
    assert "progress.js" in shown(client, job)
    assert client.get(page(job, "progress")).json() == {
        "state": "running", "value": 0, "max": 1, "status_text": "0% of 4 lines checked. Nothing is created yet.",
    }  # fmt: skip
    tasks.work()
    job.refresh_from_db()
    assert (job.state, job.new, job.known, job.wrong) == ("ready", 2, 1, 1)
    assert not Call.objects.exists()
    html = shown(client, job)
    for words in ("Import 2 calls", "+12145550123", "This must be a whole number.", "Nothing is created yet."):
        assert words in html, words
    assert "Choose whether webhooks are sent" in client.post(page(job, "start"), follow=True).content.decode()
    client.post(page(job, "start"), {"publish": "no"})
    assert client.get(page(job, "progress")).json()["state"] == "running"
    tasks.work()
    job.refresh_from_db()
    assert (job.state, job.new, job.known, job.wrong, job.publish) == ("done", 2, 1, 1, False)
    assert Call.objects.count() == 2
    assert not Event.objects.exists()
    assert not ImportPiece.objects.exists()
    assert "2 created, 1 known already, 1 line wrong." in shown(client, job)
    assert list(AuditEntry.objects.order_by("pk").values_list("act", "company_id")) == [
        ("Uploaded a file", company.pk), ("Started an import", company.pk),
    ]  # fmt: skip
    assert "already" in client.post(page(job, "start"), {"publish": "yes"}, follow=True).content.decode()
    assert "2 of 4 lines" in client.get(LIST).content.decode()


def test_with_yes_webhooks_go_out(client):
    upload(client, HEADER, row(1))
    tasks.work()
    client.post(page(ImportJob.objects.get(), "start"), {"publish": "yes"})
    tasks.work()
    assert Event.objects.get().type == "post_call"
    assert "with webhooks" in AuditEntry.objects.get(act="Started an import").detail


def test_texts_and_forms_come_the_same_way(client):
    text = '{"direction": "inbound", "tracking_phone_number": "+12145550100", "sent_at": "2026-01-05T09:00:00", '
    upload(client, text + '"customer_phone_number": "+12145550123", "content": "Hi"}', name="t.jsonl", kind="texts")
    upload(client, "Name,Mail", "Zoë,zoe@example.com", name="f.CSV", kind="forms")
    tasks.work()
    for job in ImportJob.objects.all():
        client.post(page(job, "start"), {"publish": "no"})
    tasks.work()
    assert TextMessage.objects.get().content == "Hi"
    assert FormSubmission.objects.get().form_data == {"Name": "Zoë", "Mail": "zoe@example.com"}


def test_a_restart_in_the_middle_goes_on_without_doubles(client, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    upload(client, HEADER, *(row(number) for number in (1, 2, 3, 4, 1)))
    job = ImportJob.objects.get()
    while job.state == "checking":
        steps.run_step()
        job.refresh_from_db()
    assert (job.pieces_total, job.new, job.known) == (3, 4, 1)  # the twin is in another piece
    jobs.start(job, publish=True)
    assert steps.run_step()

    def killed(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:  # after the rows were written, before the commit
        broken.setattr(steps, "_store_errors", killed)
        with pytest.raises(SystemExit):
            steps.run_step()
    job.refresh_from_db()
    assert (job.done, Call.objects.count(), job.pieces.count()) == (1, 2, 2)
    tasks.work()
    job.refresh_from_db()
    assert (job.state, job.new, job.known, Call.objects.count(), Event.objects.count()) == ("done", 4, 1, 4, 4)


def test_it_is_cancelled_keeps_what_was_made_and_can_be_repeated(client, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    lines = [HEADER, *(row(number) for number in range(4))]
    upload(client, *lines)
    job = ImportJob.objects.get()
    tasks.work()
    client.post(page(job, "start"), {"publish": "no"})
    steps.run_step()
    told = client.post(page(job, "cancel"), follow=True).content.decode()
    assert "2 created, 0 known already, 0 lines wrong; the rest was skipped" in told
    assert not ImportPiece.objects.exists()
    assert not steps.run_step()
    assert "This import is already over" in client.post(page(job, "cancel"), follow=True).content.decode()
    assert AuditEntry.objects.filter(act="Cancelled an import").count() == 1
    upload(client, *lines)
    tasks.work()
    again = ImportJob.objects.latest("pk")
    assert (again.new, again.known) == (2, 2)


def test_errors_are_told_by_line_and_downloaded(client):
    bad = [row(number, tracking="+12145550199") for number in range(25)]
    upload(client, HEADER, *bad, "=1,a", "a,b,c,d,e,f,g,h")
    tasks.work()
    job = ImportJob.objects.get()
    html = shown(client, job)
    assert "+12145550199 is not one of this company&#x27;s tracking numbers. Add it first." in html
    assert "Import 0" not in html
    assert "nothing new to import" in html
    answer = client.get(page(job, "errors"))
    told = list(csv.DictReader(StringIO(answer.content.decode())))
    assert {int(each["line"]) for each in told} == set(range(2, 29))
    assert told[0]["column"] == "tracking_phone_number"
    assert told[0]["error"].startswith("'+12145550199 is not")
    assert ImportFault.objects.filter(line=28).get().words.startswith("There are 8 cells")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("old.pdf", "x", "must end in .csv"),
        ("old.xlsx", "x", "This .xlsx workbook cannot be read"),
        ("old.csv", "", "This file is empty"),
        ("old.csv", "direction\n\n", "no line with data"),
        ("old.jsonl", "\n", "no line with data"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(client, name, content, words):
    file = BytesIO(content.encode())
    file.name = name
    answer = client.post(ADD, {"kind": "calls", "encoding": "utf-8-sig", "source": "old", "file": file})
    assert words in answer.content.decode()
    assert not ImportJob.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_file_that_is_too_large_is_refused_in_words(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    answer = upload(client, HEADER, "x" * 40_000)
    assert answer.status_code == 413
    assert "larger than 0.01 MB" in answer.content.decode()
    assert "import_data" in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_a_file_needs_the_forms_token(company):
    client = login(factories.make_member(company))
    client.handler.enforce_csrf_checks = True
    file = BytesIO(f"{HEADER}\n{row(1)}\n".encode())
    file.name = "old.csv"
    data = {"kind": "calls", "encoding": "utf-8-sig", "source": "old", "file": file}
    assert client.post(ADD, data).status_code == 403
    assert not ImportJob.objects.exists()


def test_what_is_kept_of_a_file_is_encrypted(client):
    upload(client, HEADER, row(1))
    tasks.work()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.lines, j.examples FROM imports_importpiece p JOIN imports_importjob j ON j.id = p.job_id"
        )
        ((lines, examples),) = cursor.fetchall()
    assert "5550123" not in lines + examples
    assert len(lines) > 100 < len(examples)


def test_a_file_that_nobody_decides_about_is_dropped(client):
    upload(client, HEADER, row(1))
    tasks.work()
    ImportJob.objects.update(stepped_at="2026-01-01T00:00:00Z")
    tasks.work()
    assert ImportJob.objects.get().state == "cancelled"
    assert not ImportPiece.objects.exists()


def test_what_breaks_is_told_and_the_next_one_goes_on(client, monkeypatch, caplog):
    upload(client, HEADER, row(1))
    upload(client, HEADER, row(2))
    first, second = ImportJob.objects.order_by("pk")
    real = steps._process_next_piece

    def broken(job: ImportJob) -> None:
        if job.pk == first.pk:
            raise RuntimeError("broken")
        real(job)

    monkeypatch.setattr(steps, "_process_next_piece", broken)
    tasks.work()
    assert "Something went wrong on our side" in shown(client, first)
    second.refresh_from_db()
    assert second.state == "ready"
    assert f"Import {first.pk} failed" in caplog.text


def test_viewers_read_and_others_see_nothing(client, company):
    upload(client, HEADER, row(1))
    tasks.work()
    job = ImportJob.objects.get()
    viewer = login(factories.make_member(company, "viewer"))
    html = shown(viewer, job)
    assert "old.csv" in html
    assert "+12145550123" not in html
    assert 'name="publish"' not in html
    assert viewer.get(ADD).status_code == 403
    assert viewer.post(ADD).status_code == 403
    for act in ("start", "cancel"):
        assert viewer.post(page(job, act), {"publish": "no"}).status_code == 403
    other = login(factories.make_member(factories.make_company("Other")))
    assert other.get(page(job, "progress")).status_code == other.get(page(job, "errors")).status_code == 404
    other.post(page(job, "cancel"))
    job.refresh_from_db()
    assert job.state == "ready"
    assert "old.csv" not in other.get(LIST).content.decode()
    assert ADD + "?kind=calls" in client.get(reverse("admin:calls_call_changelist")).content.decode()
    assert ADD not in viewer.get(reverse("admin:calls_call_changelist")).content.decode()


def test_nobody_imports_into_another_company(client, company):
    other = factories.make_company("Other")
    two = factories.make_member(company, "admin", username="two@example.com")
    assert "Company" not in client.get(ADD).content.decode().split("<form", 2)[-1]
    factories.make_tracker(other, phone_number="+12145550100")
    upload(client, HEADER, row(1), company=other.pk)
    assert ImportJob.objects.get().company == company
    from subscriptions.models import Membership

    Membership.objects.create(user=two, company=factories.make_company("Third"), role="admin")
    answer = upload(login(two), HEADER, row(1), company=str(other.pk))
    assert "Select a valid choice" in answer.content.decode()
    assert ImportJob.objects.count() == 1


@pytest.mark.parametrize("cell", ['"[""\\u0000""]"', '"[1e400]"', '"' + "[" * 900 + "]" * 900 + '"'])
def test_json_that_cannot_be_kept_is_a_wrong_line_and_stops_nobody(client, cell):
    header = f"{HEADER},call_highlights"
    upload(client, header, f"{row(1)},{cell}", f"{row(2)},[]")
    tasks.work()
    job = ImportJob.objects.get()
    assert (job.state, job.new, job.wrong) == ("ready", 1, 1)


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("error", [DataError("no"), IntegrityError("no"), OperationalError("deadlock detected")])
def test_an_import_that_the_database_refuses_lets_the_others_go_first(client, monkeypatch, error):
    upload(client, HEADER, row(1))
    upload(client, HEADER, row(2))
    first, second = ImportJob.objects.order_by("pk")
    real = steps._process_next_piece

    def broken(job: ImportJob) -> None:
        if job.pk == first.pk:
            raise error
        real(job)

    monkeypatch.setattr(steps, "_process_next_piece", broken)
    tasks.work()
    tasks.work()
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.state == "ready"
    assert first.state == ("checking" if isinstance(error, OperationalError) else "failed")


def test_a_file_of_endless_columns_or_lines_is_refused_at_once(client, monkeypatch):
    assert (
        "columns; at most 500 are allowed" in upload(client, ",".join(f"c{n}" for n in range(16_000))).content.decode()
    )
    monkeypatch.setattr(jobs, "MOST_LINES", 600)
    assert "more than 600 lines" in upload(client, HEADER, *[row(n) for n in range(1200)]).content.decode()
    assert not ImportJob.objects.exists()
