"""Files that wait for a decision cannot fill the disk: few for each company, little for each, compressed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from callhooks_site.intake.imports import jobs, tasks
from callhooks_site.intake.imports.models import ImportJob, ImportPiece
from callhooks_site.intake.imports.stored_lines import pack, unpack
from tests.integration.test_admin_imports import ADD, HEADER, row, upload
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    company = factories.make_company()
    factories.make_tracker(company, phone_number="+12145550100")
    return company


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def test_the_fourth_undecided_file_is_refused_in_words(client, company):
    for number in range(jobs.MOST_UNDECIDED):
        assert upload(client, HEADER, row(number)).status_code == 302
    refused = upload(client, HEADER, row(9))
    assert "Start or cancel one of them" in refused.content.decode()
    assert ImportJob.objects.count() == jobs.MOST_UNDECIDED
    tasks.work()
    assert "Start or cancel one of them" in upload(client, HEADER, row(9)).content.decode(), "checked is not decided"
    client.post(reverse("admin:imports_importjob_cancel", args=[ImportJob.objects.first().pk]))
    assert upload(client, HEADER, row(9)).status_code == 302
    other = factories.make_company("Other")
    assert upload(login(factories.make_member(other)), HEADER, row(1)).status_code == 302, "others are not held up"


def test_what_is_stored_has_a_limit_for_each_company(client, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_STORED_BYTES", 2_000)
    assert upload(client, HEADER, row(1)).status_code == 302
    used = ImportJob.objects.get().stored_bytes
    assert 0 < used < 2_000
    refused = upload(client, HEADER, *(row(number) for number in range(1_500)))
    assert "MB together" in refused.content.decode()
    assert ImportJob.objects.count() == 1
    assert ImportPiece.objects.count() == 1
    jobs.cancel(ImportJob.objects.get())
    assert ImportJob.objects.get().stored_bytes == 0


def test_uploads_have_a_limit_for_an_hour(client, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_IN_AN_HOUR", 2)
    for number in range(2):
        upload(client, HEADER, row(number))
        jobs.cancel(ImportJob.objects.first())
    assert "in an hour" in upload(client, HEADER, row(3)).content.decode()
    ImportJob.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert upload(client, HEADER, row(3)).status_code == 302


def test_the_attack_that_took_257_megabytes(client):
    """Narrow rows under many long names of columns: each stored name was longer than its cell."""
    names = [f"{'field' * 10}{number}" for number in range(60)]
    lines = [",".join("1" for _ in names) for _ in range(3_000)]
    size = len("\n".join([",".join(names), *lines]))
    assert upload(client, ",".join(names), *lines, kind="forms").status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_column_size(lines)) FROM imports_importpiece")
        (stored,) = cursor.fetchone()
    assert stored < size
    assert ImportJob.objects.get().stored_bytes < size


def test_pieces_of_earlier_versions_are_read(client):
    lines = [[2, {"a": "b"}, ""]]
    assert unpack('[[2, {"a": "b"}, ""]]') == lines
    assert unpack(pack(lines)) == lines


def test_a_file_that_expands_is_not_accepted_as_one(client):
    """We compress ourselves: what looks compressed in an upload is a line of text."""
    answer = client.post(ADD, {"kind": "calls"})
    assert answer.status_code == 200
    assert upload(client, HEADER, pack([[1, {}, ""]])).status_code == 302
    tasks.work()
    assert ImportJob.objects.get().wrong == 1
