"""Forms that are too large, malformed or have a file are kept as far as they are understood, and can be accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from forms_intake.models import FormRefusal, FormSource, FormSubmission
from forms_intake.web import refusals
from forms_intake.web.salvage import salvage
from subscriptions.intake.errors import Refused
from tests.support.admin import login
from tests.support.factories import make_company, make_member

pytestmark = pytest.mark.django_db
JSON, QUERY, CARD = "application/json", "application/x-www-form-urlencoded", "4111 1111 1111 1111"
CUT = '{"name": "Ann", "password": "hunter2", "email": "ann@example.com", "message": "It leaks'


@pytest.fixture
def source() -> FormSource:
    return FormSource.objects.create(company=make_company(), name="Site")


def post(source: FormSource, body: Any, kind: str = "", **more: Any) -> int:
    options: Any = {"content_type": kind} if kind else {}
    return Client().post(reverse("form-endpoint", args=[source.public_key]), body, **options, **more).status_code


def accepted(source: FormSource) -> dict[str, str]:
    assert refusals.accept(FormRefusal.objects.get()) is True
    return FormSubmission.objects.get().form_data


@pytest.mark.parametrize("kind", [JSON, QUERY, ""], ids=["json", "query", "multipart"])
def test_a_form_with_too_long_a_text_is_kept_whole(source: FormSource, kind: str):
    fields = {"email": "ann@example.com", "cvv": "123", "message": "long " * 10_000}
    body: Any = json.dumps(fields) if kind == JSON else fields
    if kind == QUERY:
        body = "&".join(f"{name}={value}" for name, value in fields.items())
    assert post(source, body, kind) == 413
    assert "message is longer than 20,000 characters" in FormRefusal.objects.get().detail
    data = accepted(source)
    assert {name: len(text) for name, text in data.items()} == {"email": 15, "message": 50_000}
    person = FormSubmission.objects.get().person
    assert person is not None
    assert person.email == "ann@example.com"


def test_a_form_with_too_many_fields_keeps_a_thousand(source: FormSource):
    assert post(source, "&".join(f"a{number}={number}" for number in range(1_200)), QUERY) == 413
    assert "The last 200 were not kept" in FormRefusal.objects.get().detail
    assert len(accepted(source)) == 1_000


def test_a_form_of_more_bytes_than_forms_have_is_kept_up_to_twice_that(source: FormSource):
    fields = {f"text{number}": "x" * 15_000 for number in range(20)}
    assert post(source, json.dumps(fields), JSON) == 413
    assert len(accepted(source)) == 20
    assert post(source, "a=" + "x" * 600_000, QUERY) == 413
    row = FormRefusal.objects.get(state="open")
    assert row.form is None
    with pytest.raises(Refused, match="not kept"):
        refusals.accept(row)


def test_a_form_with_a_file_is_kept_without_it(source: FormSource):
    photo = SimpleUploadedFile("roof.jpg", b"x" * 700_000)
    assert post(source, {"name": "Ann", "photo": photo, "pin": "1234"}) == 400
    assert FormRefusal.objects.get().reason == "file"
    assert accepted(source) == {"name": "Ann", "photo": "[roof.jpg was not kept]"}


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("body", "kind", "kept"),
    [
        ('{"name": "Ann"}', "application/xml", {"name": "Ann"}),
        ("name=Ann&email=ann%40example.com", "text/html", {"name": "Ann", "email": "ann@example.com"}),
        ("name=Ann&note=a+b", JSON, {"name": "Ann", "note": "a b"}),
        ("name=Zo%C3%AB", f"{QUERY}; charset=latin-1", {"name": "Zoë"}),
        ('{"name": "Ann", "pw": "x",}', JSON, {"name": "Ann", "body": '{"name": "Ann", "pw": [removed],}'}),
        (CUT, JSON, {
            "name": "Ann", "email": "ann@example.com",
            "body": CUT.replace('"hunter2"', "[removed]"),
        }),
        ('"Call me, Ann"', JSON, {"body": '"Call me, Ann"'}),
        (f"I paid with {CARD}; password: hunter2", "text/plain",
         {"body": "I paid with [card number removed]; password: [removed]"}),
        ("x", "multipart/form-data; boundary=b", {"body": "x"}),
        ('{"a":' * 30 + "1" + "}" * 30, JSON, {"body": '{"a":' * 30 + "1" + "}" * 30}),
    ],
    ids=["other type", "a query as html", "a query as json", "a charset", "a comma too many", "cut off", "a text",
         "secrets in a text", "no parts", "too deep"],
)  # fmt: skip
def test_what_is_malformed_is_kept_as_far_as_it_is_understood(
    source: FormSource, body: str, kind: str, kept: dict[str, str]
):
    assert post(source, body, kind) == 400
    assert FormRefusal.objects.get().reason == "malformed"
    assert "hunter2" not in json.dumps(FormRefusal.objects.get().form)
    assert accepted(source) == kept


def test_a_multipart_form_with_too_many_fields_keeps_them(source: FormSource):
    """Not its text: in that the value of a password stands alone."""
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("password", "hunter2") + "".join(part.format(f"a{number}", number) for number in range(1_001))
    assert post(source, body + "--b--\r\n", "multipart/form-data; boundary=b") == 413
    assert "hunter2" not in json.dumps(FormRefusal.objects.get().form)
    assert len(accepted(source)) == 1_000


@pytest.mark.parametrize("body", ["", "{}", "[]", " \n", '""'])
def test_what_is_empty_cannot_be_accepted(source: FormSource, body: str):
    assert post(source, body, JSON) == 400
    assert FormRefusal.objects.get().form is None


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b'"' * 20_000, b"[" * 20_000, b"a" * 20_000, b"a=" * 10_000, b'{"a":"' + b"\\" * 20_000,
     b"a=1&" * 20_000, b"'a':" * 5_000, b" .-[" * 5_000],
    ids=["bytes", "quotes", "brackets", "letters", "pairs", "backslashes", "many", "colons", "signs"],
)  # fmt: skip
def test_nothing_is_too_odd_to_be_read(body: bytes):
    for charset in ("utf-8", "latin-1", "utf-16", "no such charset", "base64"):
        salvage(body, charset)


def test_only_so_many_are_kept_with_their_content(source: FormSource, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refusals, "MOST_HEAVY", 2)
    for number in range(4):
        post(source, f"text {number}", "text/plain")
    assert FormRefusal.objects.count() == 4
    assert FormRefusal.objects.filter(form__isnull=False).count() == 2


def test_a_sender_who_sends_too_much_has_nothing_large_read(source: FormSource, settings: Any):
    settings.FORMS_PER_MINUTE = 1
    body = json.dumps({f"text{number}": "x" * 15_000 for number in range(20)})
    for _ in range(2):
        post(source, body, JSON, REMOTE_ADDR="192.0.2.1")
    assert [row.form is None for row in FormRefusal.objects.order_by("pk")] == [False, True]


def test_the_admin_shows_it_and_accepts_it(source: FormSource):
    post(source, CUT, JSON)
    client = login(make_member(source.company))
    page = client.get(reverse("admin:forms_intake_formrefusal_change", args=[FormRefusal.objects.get().pk]))
    assert "ann@example.com" in page.content.decode()
    client.post(reverse("admin:forms_intake_formrefusal_take_in", args=[FormRefusal.objects.get().pk]))
    assert FormSubmission.objects.get().form_data["email"] == "ann@example.com"
