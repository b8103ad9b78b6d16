"""The search of the activity page: by name, number in any notation, mail, id, and words of notes, texts and forms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from calls import search_words
from calls.models import Call
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
PAGE = "/admin/activity/"


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def rows(company):
    """A call, a text and a form of three weeks, and a call of somebody else."""
    now = timezone.now()
    tracker = factories.make_tracker(company)
    factories.make_call(
        company, tracker, customer_name="Ann O'Brien-Keller", customer_phone_number="+12145550142",
        note="Roof leak near the chimney.\nWants Thursday", start_time=now,
    )  # fmt: skip
    factories.make_text(
        company, tracker, customer_phone_number="+12145550177", content="Photo of the gutter, www.example.com/x",
        sent_at=now - timedelta(days=9),
    )  # fmt: skip
    factories.make_form(
        company, form_data={"Your name": "Bea Lindqvist", "email": "bea@example.com", "message": "Flat\nroof"},
        submitted_at=now - timedelta(days=18),
    )  # fmt: skip
    factories.make_call(factories.make_company("Other Dental"), customer_name="Ann Roof", start_time=now)


def found(client, words: str, **more) -> list[str]:
    answer = client.get(PAGE, {"q": words, **more})
    assert answer.status_code == 200
    return [row.kind for day in answer.context["days"] for row in day.rows]


FOUND: list[tuple[str, list[str]]] = [
    ("ann", ["call"]),
    ("O'Brien", ["call"]),
    ("keller ann", ["call"]),
    ("BRI", ["call"]),
    ("roof", ["call", "form"]),
    ("roof leak", ["call"]),
    ("roof gutter", []),
    ("thursday", ["call"]),
    ("gutter", ["text"]),
    ("www.example.com", ["text"]),
    ("lindqvist", ["form"]),
    ("bea@example.com", ["form"]),
    ("bea@exam", ["form"]),
    ("214-555-0142", ["call"]),
    ("(214) 555 0142", ["call"]),
    ("+1 214.555.0142", ["call"]),
    ("12145550142", ["call"]),
    ("555-0177", ["text"]),
    ("0177", ["text"]),
    ("nobody", []),
    ("“”", []),
    ("!!", []),
    ("'", []),
    ("it's {} & | !(", []),
    ("%s", []),
    ("\\", []),
]


def test_a_search_finds(client, rows):
    for words, kinds in FOUND:
        assert found(client, words) == kinds, words
    assert found(client, "roof", sort="oldest") == ["form", "call"]


def test_an_id_finds_its_row_and_filters_narrow_a_search(client, rows):
    call = Call.objects.get(customer_name__startswith="Ann O")
    assert found(client, call.resource_id) == ["call"]
    assert found(client, "roof", kind="form") == ["form"]
    assert found(client, "roof", since="7d") == ["call"]
    assert found(client, "roof", outcome="answered") == []


def test_a_name_finds_all_of_the_person(client, company):
    tracker = factories.make_tracker(company)
    number = "+12145550142"
    factories.make_call(company, tracker, customer_name="Luis Ortega", customer_phone_number=number, note="Gutter")
    factories.make_call(company, tracker, customer_phone_number=number)
    factories.make_text(company, tracker, customer_phone_number=number)
    factories.make_form(company, form_data={"name": "Bea Lindqvist", "phone": "214-555-0177"})
    factories.make_call(company, tracker, customer_phone_number="+12145550177")
    assert sorted(found(client, "ortega")) == ["call", "call", "text"]
    assert sorted(found(client, "luis ort")) == ["call", "call", "text"]
    assert sorted(found(client, "lindqvist")) == ["call", "form"]
    assert found(client, "ortega", kind="text") == ["text"]
    assert found(client, "gutter") == ["call"]


def test_a_search_looks_no_further_than_it_needs(client, company, monkeypatch):
    monkeypatch.setattr("callhooks_site.activity.searching.MOST_FOUND", 2)
    for number in range(4):
        factories.make_call(company, customer_name="Ann", start_time=timezone.now() - timedelta(weeks=number))
    answer = client.get(PAGE, {"q": "ann"})
    newest = [row.at for day in answer.context["days"] for row in day.rows]
    assert newest == sorted(Call.objects.values_list("start_time", flat=True), reverse=True)[:2]
    assert "Showing the newest 2 results" in answer.content.decode()


def test_rows_of_impossible_times_do_not_make_a_search_long(client, company):
    now = timezone.now()
    for year in (1971, now.year - 3, 2190):
        factories.make_call(company, customer_name="Ann", start_time=now.replace(year=year, day=1))
    weeks = search_words.weeks_between(now.replace(year=1971, day=1), now.replace(year=2190, day=1))
    assert len(weeks) < 1_100
    assert found(client, "ann") == ["call"] * 3  # one is found, and its person's others with it
    assert found(client, "ann", to=f"{now.year - 30}-01-01") == ["call"]


def test_every_row_can_be_saved_whatever_its_words_are(company):
    long_word = "é" * 3_000
    factories.make_call(company, customer_name="x" * 200, note=f"{long_word} {'word ' * 5_000}")
    factories.make_text(company, content=long_word)
    factories.make_form(company, form_data={"a": long_word, "b": "c" * 5_000})
    factories.make_form(company, form_data={})
    factories.make_call(company, note="", customer_name="")


def test_the_search_is_served_by_the_indexes(company):
    factories.make_call(company, customer_name="Ann")
    queries = search_words.build_queries(company.pk, [1], search_words.read("ann"))
    rows = Call.objects.filter(search_words.matches("call", "asked.query")).values("pk")
    statement, given = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN SELECT 1 FROM unnest(%s::tsquery[]) AS asked (query), LATERAL ({statement}) AS found",
            [queries, *given],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Bitmap Index Scan on call_words" in plan
