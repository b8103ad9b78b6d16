"""Read calls with the counts that webhooks carry."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from subscriptions.database.prepared import fetch_prepared
from subscriptions.models import columns, new_rows

from .models import Call, Person

# Clocks differ: a person's calls that begin within this time of each other are ordered by arrival, others by start.
SAME_MOMENT = timedelta(seconds=10)

# The rows of the person of which p is one. What belongs to them is asked of each by itself, in a LATERAL that cannot
# become a join (LIMIT, OFFSET 0): the planner thinks that a person has many rows, and would rather read a table that
# its statistics say is small. It may have grown since.
ROWS_OF_PERSON = """(
       SELECT coalesce(p.merged_into_id, p.id) AS id
        UNION ALL
       SELECT r.id FROM calls_person r WHERE r.merged_into_id = coalesce(p.merged_into_id, p.id)) own"""

# A row e is that person's. BETWEEN, since of an equality the planner thinks what the statistics say: where one person
# made all calls of a new installation's first minutes, that all of them are to be read.
IS_THEIRS = "e.person_id BETWEEN own.id AND own.id"


def is_earlier(one: str, other: str, *, at: str, moment: str) -> str:
    """A condition of SQL: the row `one` comes before `other`, by the column `at`. `moment`: SAME_MOMENT, a placeholder
    or a literal."""
    # IS TRUE, so that no index of times looks better than that of the person: it would read all rows before this one.
    return (
        f"({one}.{at} < {other}.{at} - {moment}::interval"
        f" OR {one}.{at} <= {other}.{at} + {moment}::interval AND {one}.id < {other}.id) IS TRUE"
    )


# The earlier calls of the call {call}, whose person is p, of whichever number, read along the index `call_of_person`.
# Handwritten SQL, because every save needs it and the ORM takes longer to build it than the database to answer.
_EARLIER = f"""
SELECT count(*) AS number,
       (array_agg(e.id ORDER BY e.start_time, e.id) FILTER (WHERE e.lead_status = 'good_lead'))[1] AS good_lead_id,
       min(e.start_time) FILTER (WHERE e.lead_status = 'good_lead') AS good_lead_time
  FROM {ROWS_OF_PERSON}
 CROSS JOIN LATERAL (
       SELECT e.id, e.start_time, e.lead_status FROM calls_call e
        WHERE {IS_THEIRS}
          AND {is_earlier("e", "{call}", at="start_time", moment="%(moment)s")}
          AND e.id <> {{call}}.id  -- as it was before the statement, if that moves it
       OFFSET 0) e
"""
# By whether it is one call. Materialized, so that PostgreSQL expects the same of any values and need not plan anew for
# each; of arrays it would not know how many they hold, either.
_COUNT = {
    one: f"""
WITH c (id, person_id, start_time) AS MATERIALIZED ({given})
SELECT c.id, clock_timestamp(), earlier.*
  FROM c
  LEFT JOIN calls_person p ON p.id = c.person_id
 CROSS JOIN LATERAL ({_EARLIER.format(call="c")}) AS earlier
"""
    for one, given in {
        True: "SELECT %(id)s::bigint, %(person)s::bigint, %(start)s::timestamptz",
        False: "SELECT * FROM unnest(%(id)s::bigint[], %(person)s::bigint[], %(start)s::timestamptz[])",
    }.items()
}
_COUNT_FOR_NEW = f"""
(SELECT to_jsonb(earlier) || jsonb_build_object('now', clock_timestamp())
   FROM (SELECT) AS always
   LEFT JOIN calls_person p ON p.id = calls_call.person_id
  CROSS JOIN LATERAL ({_EARLIER.format(call="calls_call").replace("%(moment)s", "%s")}) AS earlier)
"""


def count_earlier(calls: Iterable[Call]) -> datetime | None:
    """Set `prior_calls`, `good_lead_call_id` and `good_lead_call_time` on each of these stored calls. Returns the time
    of the counts by the database's clock; None for no calls."""
    return _count({call.pk: call for call in calls}, "", {})


def update_and_count(call: Call, names: Sequence[str]) -> None:
    """Write these fields of a checked call whose row and whose person are locked, as `save` would without its signals,
    and set its counts: `count_earlier` in the same statement."""
    sql, values = columns.build_update(call, names)
    _count({call.pk: call}, f"updated AS ({sql}), ", values)
    call.note_written(names)


def _count(by_pk: dict[int, Any], before: str, values: dict[str, Any]) -> datetime | None:
    """`before`: a common table expression for what the statement does beside, with its values."""
    now = None
    given = {
        "id": list(by_pk),
        "person": [call.person_id for call in by_pk.values()],
        "start": [call.start_time for call in by_pk.values()],
    }
    one = len(by_pk) == 1
    if one:
        given = {name: column[0] for name, column in given.items()}
    statement = _COUNT[one].replace("WITH ", f"WITH {before}", 1)
    rows = fetch_prepared(statement, {"moment": SAME_MOMENT, **given, **values}, keep=one)
    for pk, now, number, good_lead_id, good_lead_time in rows:  # noqa: B007
        call = by_pk[pk]
        call.prior_calls = number
        call.good_lead_call_id, call.good_lead_call_time = good_lead_id, good_lead_time
    return now


def insert_and_count(call: Call) -> datetime:
    """Insert a checked, unsaved call whose person is locked, and set its counts: `count_earlier` in the same statement.
    Returns the time of the counts by the database's clock."""
    found = new_rows.insert_row(call, _COUNT_FOR_NEW, [SAME_MOMENT, SAME_MOMENT])
    counts = json.loads(found) if isinstance(found, str) else found
    inserted: Any = call
    inserted.prior_calls, inserted.good_lead_call_id = counts["number"], counts["good_lead_id"]
    time = counts["good_lead_time"]
    inserted.good_lead_call_time = datetime.fromisoformat(time) if time else None
    return datetime.fromisoformat(counts["now"])


def of_same_person() -> Func:
    """A condition inside a subquery over calls or forms: they are of the person of the outer query's row, by whichever
    number or address. An array, for the same reason as above."""
    main: Any = Coalesce(OuterRef(OuterRef("person__merged_into_id")), OuterRef(OuterRef("person_id")))
    return one_of("person_id", Person.objects.filter(Q(pk=main) | Q(merged_into=main)).order_by().values("pk"))


def one_of(column: str, keys: QuerySet[Any]) -> Func:
    """A condition: the column is one of these keys. The planner takes an array for ten rows, and looks up each."""
    return Func(
        F(column),
        ArraySubquery(keys),
        template="%(expressions)s)",
        arg_joiner=" = ANY (",
        output_field=BooleanField(),
    )


def read_for_webhooks(pks: Collection[int]) -> list[Call]:
    """Calls with everything that their webhooks carry, including the counts."""
    calls = list(
        Call.objects.filter(pk__in=pks)
        .select_related("company", "tracker", "person__merged_into")
        .prefetch_related("tags")
        .order_by("pk")
    )
    count_earlier(calls)
    return calls


def read_one(resource_id: str) -> Call | None:
    """The same for the call with this resource id."""
    return next(
        iter(read_for_webhooks(list(Call.objects.filter(resource_id=resource_id).values_list("pk", flat=True)))), None
    )
