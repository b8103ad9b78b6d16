"""Bodies without end are not read, nor written to the disk, wherever they are sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.support.api import program
from tests.support.factories import PASSWORD, make_company, make_member

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _small(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000


def test_a_file_to_the_login_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    large = SimpleUploadedFile("a.bin", b"x" * 4_000_000)
    assert Client().post(LOGIN, {"username": "a", "file": large}).status_code == 400
    assert list(tmp_path.iterdir()) == []


def test_a_small_file_is_read_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    user = make_member(make_company())
    fields = {"username": user.username, "password": PASSWORD, "next": "/admin/"}
    file = SimpleUploadedFile("a.bin", b"x" * 4_000)
    assert Client().post(LOGIN, fields | {"file": file}).status_code == 302
    assert list(tmp_path.iterdir()) == []


def test_a_large_form_is_refused():
    assert Client().post(LOGIN, {"username": "a" * 20_000}).status_code == 400


def test_a_form_of_a_thousand_fields_is_refused():
    data = "&".join(f"a{number}=" for number in range(1100))
    answer = Client().post(LOGIN, data, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


def test_a_large_body_to_the_api_is_refused():
    api = program(make_company())
    answer = api.post("/api/v1/forms/", {"form_data": {"name": "x" * 20_000}})
    assert answer.status_code == 413
    assert "10,000 bytes" in answer.json()["detail"]
