"""A log of 30 days by SQL: deliveries with one attempt each, evenly over the days, to two endpoints of each company.

Each table is filled with copies of a row that the product itself made, so a new column needs no word here. What is as
large as in reality: the indexes of the attempts, and all that a day has which is deleted. Of the other days there are
attempts without headers, and no deliveries and events but the newest: neither a delete of another day nor the vacuum
after it reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from tests.bench import fixtures
from tests.bench.bare_loop import HEADERS

if TYPE_CHECKING:
    from django.db.models import Model

DAYS = 30
COMPANIES = 2000
DELIVERIES_OF_COMPANY = 50  # at least, where the log is small
PER_EVENT = 2  # deliveries; as many endpoints has a company
YOUNG = 10  # the newest part of the last day is there too: what is written meanwhile is about it
FAILED = 50  # one of so many deliveries failed: it is kept for longer
BODY = b'{"resource_id":"","note":"' + b"Called about an appointment next week. " * 15 + b'"}'
ANSWER = [["Server", "nginx"], ["Date", "Mon, 02 Mar 2026 18:41:00 GMT"], ["Connection", "keep-alive"]]

# Of row n; deliveries 1 and 2 are of event 1, of the first company.
_EVENT = "(n - 1) / 2"
# Each day begins exactly, however many rows it has.
_OF_ROW = (
    "(%(began)s::timestamptz + ({row}) / %(per_day)s * interval '1 day'"
    " + ({row}) %% %(per_day)s * (86400.0 / %(per_day)s) * interval '1 second')"
)
_AT = _OF_ROW.format(row="n - 1")
_EVENT_AT = _OF_ROW.format(row=f"{_EVENT} * 2")
_EVENT_ID = (
    f"(lpad(to_hex((extract(epoch FROM {_EVENT_AT}) * 1000)::bigint), 12, '0') || '7'"
    f" || substr(md5(({_EVENT})::text), 1, 19))::uuid"
)
_COMPANY = f"(%(companies)s::bigint[])[1 + {_EVENT} %% %(many)s]"
_SUBSCRIPTION = f"(%(hooks)s::bigint[])[1 + ({_EVENT} %% %(many)s) * 2 + (n - 1) %% 2]"


@dataclass(frozen=True, slots=True)
class Log:
    """`per_day`: rows of a day, an even number; row n is of day (n - 1) // per_day, from 0."""

    began: datetime
    per_day: int
    companies: list[int]
    hooks: list[int]

    @property
    def last(self) -> int:
        return self.per_day * DAYS

    def rows(self, day: int) -> tuple[int, int]:
        """Numbers of its first row, and of the first one behind it."""
        return 1 + day * self.per_day, 1 + (day + 1) * self.per_day

    @property
    def young(self) -> tuple[int, int]:
        """Numbers of the newest deliveries: the first, and behind the last."""
        return self.last + 1 - max(1, self.per_day // YOUNG), self.last + 1

    def end(self, day: int) -> datetime:
        return self.began + timedelta(days=day + 1)

    def values(self) -> dict[str, Any]:
        return {
            "began": self.began,
            "per_day": self.per_day,
            "companies": self.companies,
            "hooks": self.hooks,
            "many": len(self.companies),
        }


def make_log(size: int, deleted_days: int) -> Log:
    """Deliveries and events of the first `deleted_days`, and young deliveries. No attempts yet."""
    from django.utils import timezone

    from subscriptions.models import Attempt, Delivery, Event, Subscription

    companies = max(1, min(COMPANIES, size // DELIVERIES_OF_COMPANY))
    urls = [f"https://example.com/hooks/{number}" for number in range(companies * PER_EVENT)]
    hooks = fixtures.companies_with_endpoints(urls, "post_call", each=PER_EVENT)
    owner = Subscription.objects.get(pk=hooks[0]).company
    fixtures.ended_call(owner, fixtures.tracker(owner)).save()
    delivery = Delivery.objects.order_by("pk")[0]
    Attempt.objects.create(delivery=delivery, number=1, outcome="delivered", started_at=delivery.created_at,
                           url=urls[0], status_code=204, duration_ms=120, response_headers=ANSWER,
                           request_headers=[list(pair) for pair in HEADERS.items()])  # fmt: skip
    of_hooks = list(Subscription.objects.filter(pk__in=hooks).order_by("pk").values_list("company", flat=True))
    log = Log(timezone.now() - timedelta(days=DAYS), size // DAYS // 2 * 2, of_hooks[::PER_EVENT], hooks)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for model, pk in ((Delivery, delivery.pk), (Attempt, None), (Event, delivery.event_id)):
            table = model._meta.db_table
            one = f"WHERE id = '{pk}'" if pk else "LIMIT 1"
            cursor.execute(f"CREATE TABLE bench_{table} AS SELECT * FROM {table} {one}")
            # By hand, when the bench looks: else it would come at some time and be part of something else.
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        cursor.execute("TRUNCATE subscriptions_event, subscriptions_delivery, subscriptions_attempt CASCADE")
    behind = 1 + log.per_day * deleted_days
    _fill_deliveries(log, [(1, behind), log.young])
    _copy(Event, log, f"generate_series(1, {behind - 1}, {PER_EVENT})", id=_EVENT_ID, company_id=_COMPANY,
          created_at=_EVENT_AT, subject_id=f"'CAL' || md5(({_EVENT})::text)", sequence="1", body="%(body)s",
          xact="0", fan_out=str(PER_EVENT))  # fmt: skip
    _vacuum("subscriptions_delivery", "subscriptions_event")
    return log


def fill_attempts(log: Log, table: str, day: int, *, full: bool, each: int = 1) -> None:
    """Those of a day, of every `each`th delivery; `full`: with headers."""
    from subscriptions.models import Attempt

    first, behind = log.rows(day)
    given = {"id": "n", "delivery_id": "n", "number": "1", "started_at": _AT}
    if not full:
        given |= {"request_headers": "'[]'", "response_headers": "'[]'"}
    _copy(Attempt, log, f"generate_series({first}, {behind - 1}, {each})", table=table, **given)


def _fill_deliveries(log: Log, ranges: list[tuple[int, int]]) -> None:
    from subscriptions.models import Delivery

    failed = f"n %% {FAILED} = 0"
    with connection.cursor() as cursor:
        indexes = drop_indexes(cursor, "subscriptions_delivery")
        for first, behind in ranges:
            numbers = f"generate_series({first}, {behind - 1})"
            _copy(Delivery, log, numbers, id="n", event_id=_EVENT_ID, company_id=_COMPANY,
                  subscription_id=_SUBSCRIPTION, state=f"CASE WHEN {failed} THEN 'failed' ELSE 'delivered' END",
                  stage="0", attempts="1", due_at="NULL", claim="NULL", created_at=_EVENT_AT, finished_at=_AT,
                  status_code=f"CASE WHEN {failed} THEN 503 ELSE 204 END")  # fmt: skip
        for statement in indexes:
            cursor.execute(statement)


def drop_indexes(cursor: Any, table: str) -> list[str]:
    """And the unique constraints. Returns the statements that make them again."""
    cursor.execute(
        "SELECT conname, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', %s, conname, pg_get_constraintdef(oid)) "
        "  FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'u') ORDER BY contype",
        [table, table],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i WHERE indrelid = %s::regclass "
        "   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [statement for _, statement in constraints + indexes]


def _copy(model: type[Model], log: Log, numbers: str, *, table: str = "", **given: str) -> None:
    name = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields]
    assert set(given) <= set(columns), set(given) - set(columns)
    taken = ", ".join(given.get(column, f"t.{column}") for column in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no look-up of each reference
        cursor.execute(
            f"INSERT INTO {table or name} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
            f" SELECT {taken} FROM bench_{name} t, {numbers} n",
            {**log.values(), "body": BODY},
        )


def _vacuum(*tables: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE, FREEZE) {table}")
