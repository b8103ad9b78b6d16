"""The words by which calls, texts and forms are found, and how they are asked for.

The indexes `call_words`, `text_words` and `form_words` hold, for each row, its words behind its company and the week of
its time: `12.2961.roof`. All companies are in one index, and a search touches the keys of its own; going back week by
week it reads no more than it needs, however often the word occurs. SQL functions of the same names make the keys
(`migrations/0016_search_words.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db import transaction
from django.db.models import BooleanField, F, Func, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from subscriptions.replica.reading import read_connection

WEEK_SECONDS = 604_800
# Of a note or a text: more is not looked up. Longer words are cut; a key must stay below 2 KB.
LONGEST_TEXT, LONGEST_WORD = 2_000, 60
# Fewer letters than this are a word of their own; else they may be the beginning of one.
SHORTEST_BEGINNING = 2
# New keys wait in a list of this size, which a search reads too, before they are sorted in: small, so that neither the
# search nor the save that sorts them in takes long.
PENDING_WORDS_KB = 512
MOST_WEEKS, FUTURE_WEEKS = 1_040, 4
MOST_WORDS = 8  # of a search
# Signs that PostgreSQL's parser would take for parts of a number, an address or a file name.
SIGNS = "@.-_/:+=&?#%~<>'\"\\"
COLUMNS = {
    "call": ("company", "start_time", "customer_phone_number", "customer_name", "note"),
    "text": ("company", "sent_at", "customer_phone_number", "content"),
    "form": ("company", "submitted_at", "form_data", "note"),
}
_DIGITS = re.compile(r"[\d\s().+/-]*\d[\d\s().+/-]*")


def words_of(name: str) -> Func:
    """The words of a row: the expression of the index."""
    return Func(*(F(column) for column in COLUMNS[name]), function=f"{name}_words", output_field=SearchVectorField())


def find(name: str, rows: QuerySet[Any], queries: list[str], most: int) -> list[tuple[Any, ...]]:
    """The rows of this kind that one of the queries finds, at most so many: those of the first query first. `rows` are
    values. Each query goes along the index; when there are enough, no later one is asked."""
    matching = rows.filter(matches(name, "asked.query"))[:most]
    statement, given = matching.query.sql_with_params()
    reads = read_connection()
    with transaction.atomic(using=reads.alias), reads.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # compiling takes longer than the search
        cursor.execute(
            f"SELECT found.* FROM unnest(%s::tsquery[]) AS asked (query), LATERAL ({statement}) AS found LIMIT %s",
            [queries, *given, most],
        )
        return list(cursor.fetchall())


def matches(name: str, query: str) -> Any:
    """The condition for rows of this kind that a tsquery finds: `query` is its name in the statement around."""
    return _Matches(words_of(name), RawSQL(query, []))


class _Matches(Func):
    arg_joiner = " @@ "
    template = "%(expressions)s"
    output_field = BooleanField()


def weeks_between(oldest: datetime, newest: datetime) -> range:
    """The weeks to look in, the oldest first. A row of 1970 or 2190 is a mistake, and each week costs a look-up:
    so none is of more than twenty years ago, or of next year."""
    now = week_of(timezone.now())
    return range(max(week_of(oldest), now - MOST_WEEKS), min(week_of(newest), now + FUTURE_WEEKS) + 1)


def week_of(moment: datetime) -> int:
    return int(moment.timestamp() // WEEK_SECONDS)


def read(text: str, number: str = "") -> list[str]:
    """The terms of a tsquery, each with a place for the company and week, `{}`: all must be there. `number`: what the
    text is as a phone number. Empty if the text has no words."""
    words = split(text)[:MOST_WORDS]
    if not words:
        return []
    terms = [_term(word) for word in words]
    digits = number.removeprefix("+") or re.sub(r"\D", "", text)
    if _DIGITS.fullmatch(text) and len(digits) >= 4 and [digits] != words:
        # A number: written together, or as it was typed.
        return [f"({_term(digits)} | ({' & '.join(terms)}))"]
    return terms


def are_in(text: str, name: str) -> bool:
    """Whether each word of the text begins a word of the name."""
    words, parts = split(text), split(name)
    return bool(words) and all(any(part.startswith(word) for part in parts) for word in words)


def split(text: str) -> list[str]:
    """The words of a text, as PostgreSQL's parser has them."""
    return re.findall(r"\w+", text.translate(_NO_SIGNS).lower())


def build_queries(company: int, weeks: Iterable[int], terms: list[str]) -> list[str]:
    """A tsquery for each week."""
    wanted = " & ".join(terms)
    return [wanted.replace("{}", f"{company}.{week}.") for week in weeks]


_NO_SIGNS = str.maketrans(dict.fromkeys(SIGNS, " "))


def _term(word: str) -> str:
    word = word[:LONGEST_WORD].replace("{}", "")
    return f"'{{}}{word}'{':*' if len(word) >= SHORTEST_BEGINNING else ''}"
