"""What `/metrics` shows: what processes counted, and the state in the database."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from callhooks_site.intake.imports.models import ImportJob
from callhooks_site.metrics import companies, page
from subscriptions.counters import known, memory, writing
from subscriptions.models import (
    CompanyStatistics,
    CountedValue,
    Delivery,
    DrainSlot,
    EndpointHealth,
    MailRequest,
    RetentionPlace,
    ServiceOutage,
)
from subscriptions.worker import health
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db
TOKEN = "Zq9-test-token-of-the-metrics"


@pytest.fixture(autouse=True)
def _read_anew(settings):
    settings.METRICS_TOKEN = TOKEN
    page.forget()
    memory.take()
    yield
    page.forget()
    memory.take()


@pytest.fixture
def shown(client):
    """The page as a function: sample and labels, in the order of their names, to value."""

    def read(*, minutes=5):
        CountedValue.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))
        page.forget()
        text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    return read


def test_what_is_counted_and_written_is_shown(shown):
    known.ATTEMPTS.add("delivered", "2xx", by=3)
    known.DELIVERY_SECONDS.observe(0.15, 4, 10_000)
    assert writing.write()
    known.ATTEMPTS.add("delivered", "2xx")
    known.DELIVERY_SECONDS.observe(0.15)
    assert writing.write()
    assert not writing.write()  # nothing new
    seen = shown()
    assert seen["callhooks_attempts_total", "2xx", "delivered"] == 4
    assert seen["callhooks_delivery_seconds_count",] == 4
    assert seen["callhooks_delivery_seconds_sum",] == pytest.approx(10_004.3)
    buckets = {key[1]: value for key, value in seen.items() if key[0] == "callhooks_delivery_seconds_bucket"}
    assert [buckets[bound] for bound in ("0.1", "0.2", "5", "3600", "+Inf")] == [0, 2, 3, 3, 4]


def test_what_is_counted_for_the_first_time_is_zero_for_a_minute(shown):
    known.ATTEMPTS.add("given_up", "dns", by=3)
    known.DELIVERY_SECONDS.observe(0.15)
    writing.write()
    seen = shown(minutes=0)
    assert seen["callhooks_attempts_total", "dns", "given_up"] == 0
    assert (seen["callhooks_delivery_seconds_count",], seen["callhooks_delivery_seconds_sum",]) == (0, 0)
    assert shown(minutes=2)["callhooks_attempts_total", "dns", "given_up"] == 3


def test_what_alerts_compare_with_zero_is_there_from_the_start(shown):
    seen = shown()
    assert seen["callhooks_tasks_total", "done", "sweep"] == 0
    assert seen["callhooks_leases_lost_total",] == 0


def test_a_row_of_another_version_is_left_out(shown):
    CountedValue.objects.create(name="callhooks_gone_total", labels=[], values=[1])
    CountedValue.objects.create(name="callhooks_delivery_seconds", labels=[], values=[1, 2])
    CountedValue.objects.create(name="callhooks_leases_lost_total", labels=["more"], values=[1])
    assert not [key for key in shown() if "gone" in key[0] or key[0] == "callhooks_delivery_seconds_count"]


def test_a_request_is_counted_by_route_method_and_status(client, shown):
    client.get("/healthz")
    client.get("/healthz?deep=1")
    client.get("/admin/no/such/page?id=1")
    client.generic("BREW", "/api/v1/calls/7f/")
    client.get("/no/such/place/\n{evil}")
    writing.write()
    counted = {key[1:]: value for key, value in shown().items() if key[0] == "callhooks_http_requests_total"}
    routes = {route for _, route, _ in counted}
    assert counted["GET", "healthz", "200"] == 1
    assert sum(number for (_, route, _), number in counted.items() if route == "healthz") == 2
    assert "none" in routes
    assert {method for method, _, _ in counted} == {"GET", "other"}
    assert not [route for route in routes if "evil" in route or "7f" in route]


def test_deliveries_that_wait_and_fly(shown):
    company = make_company()
    make_subscription(company, events=["pre_call"])
    for _ in range(4):
        make_call(company)
    rows, now = list(Delivery.objects.order_by("pk")), timezone.now()
    changes = [
        {"due_at": now - timedelta(minutes=7)},
        {"stage": Delivery.Stage.SCHEDULED, "due_at": now + timedelta(hours=1)},
        {"stage": Delivery.Stage.PARKED},
        {"stage": Delivery.Stage.SCHEDULED, "claim": uuid4(), "due_at": now + timedelta(minutes=1)},
    ]
    for row, change in zip(rows, changes, strict=True):
        Delivery.objects.filter(pk=row.pk).update(**change)
    seen = shown()
    waiting = {key[1]: value for key, value in seen.items() if key[0] == "callhooks_deliveries_waiting"}
    assert waiting == {"available": 1, "scheduled": 1, "parked": 1}
    assert (seen["callhooks_deliveries_in_flight",], seen["callhooks_leases_ended",]) == (1, 0)
    Delivery.objects.filter(pk=rows[3].pk).update(due_at=now - timedelta(seconds=1))
    seen = shown()
    assert (seen["callhooks_deliveries_in_flight",], seen["callhooks_leases_ended",]) == (0, 1)
    assert 420 <= seen["callhooks_oldest_due_seconds",] < 480


def test_endpoints_and_breakers(shown):
    now = timezone.now()
    for times in (
        {"opened": 1, "open_until": now + timedelta(minutes=1)},
        {"opened": 1, "open_until": now - timedelta(minutes=1)},
        {},
    ):
        EndpointHealth.objects.create(
            subscription=make_subscription(make_company()), window_began=now, failing_since=now, **times
        )
    off = make_subscription(make_company())
    type(off).objects.filter(pk=off.pk).update(state="disabled")
    seen = shown()
    states = {key[1]: value for key, value in seen.items() if key[0] == "callhooks_endpoints"}
    assert states == {"failing": 3, "open": 1, "half_open": 1}
    assert seen["callhooks_subscriptions_disabled",] == 1


def test_drains_outage_mails_imports_and_retention(shown, settings):
    now = timezone.now()
    DrainSlot.objects.create(number=1, beat_at=now)
    ServiceOutage.objects.create(ongoing=True, began_at=now, noticed_at=now, hosts=9, companies=4, errors="dns")
    MailRequest.objects.create(kind="reset", email="a@example.com", created_at=now - timedelta(minutes=9))
    ImportJob.objects.create(company=make_company(), kind="calls", created_at=now - timedelta(minutes=5))
    RetentionPlace.objects.create(table="events", reached="0", began_at=now - timedelta(days=3), done=False)
    seen = shown()
    assert (seen["callhooks_drains_working",], seen["callhooks_drains_wanted",]) == (1, settings.DELIVERY_DRAINS)
    assert seen["callhooks_outage",] == 1
    assert (seen["callhooks_mails_waiting",], seen["callhooks_imports_at_work",]) == (1, 1)
    assert 540 <= seen["callhooks_mail_wait_seconds",] < 600
    assert 300 <= seen["callhooks_import_wait_seconds",] < 360
    assert seen["callhooks_retention_pass_seconds", "events"] == pytest.approx(3 * 86_400, abs=60)


def test_companies_beyond_the_first_are_other(shown, monkeypatch):
    monkeypatch.setattr("callhooks_site.metrics.companies.MOST_COMPANIES", 2)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    companies = [make_company(name=f'{{evil="{number}"}}\n') for number in range(4)]
    for company, delivered in zip(companies, (5, 50, 1, 30), strict=True):
        CompanyStatistics.objects.create(
            company=company, hour=hour, delivered=delivered, failed=1, retried=2, latency=[0] * 17
        )
    CompanyStatistics.objects.create(
        company=companies[0], hour=hour - timedelta(hours=5), delivered=999, failed=0, retried=0, latency=[0] * 17
    )
    counted = {key[1:]: value for key, value in shown().items() if key[0] == "callhooks_company_attempts"}
    arrived = {company: number for (company, outcome), number in counted.items() if outcome == "delivered"}
    assert arrived == {companies[1].resource_id: 50, companies[3].resource_id: 30, "other": 6}
    assert counted["other", "given_up"] == 2


def test_a_part_that_cannot_be_read_hides_no_other(shown, monkeypatch):
    monkeypatch.setattr("callhooks_site.metrics.state._MAILS", "SELECT pg_sleep(5), 0")
    monkeypatch.setattr("callhooks_site.metrics.parts.PATIENCE", "50ms")
    seen = shown()
    assert seen["callhooks_scrape_failed", "mails"] == 1
    assert seen["callhooks_scrape_failed", "queue"] == 0
    assert ("callhooks_mails_waiting",) not in seen
    assert ("callhooks_deliveries_in_flight",) in seen
    assert ("callhooks_leases_lost_total",) in seen


def test_it_is_read_once_in_some_seconds(client):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    first = client.get("/metrics", headers=headers).content
    DrainSlot.objects.create(number=1, beat_at=timezone.now())
    assert client.get("/metrics", headers=headers).content == first


def test_openmetrics_for_who_asks_for_it(client):
    accept = "application/openmetrics-text; version=1.0.0"
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Accept": accept})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.decode().endswith("# EOF\n")


@pytest.mark.django_db(transaction=True)
def test_what_the_database_does_not_take_is_written_later():
    """Somebody holds the row: the writer gives up after half a second, and keeps its counts."""
    known.LEASES_LOST.add()
    writing.write()
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    with psycopg.connect(**parameters) as other:
        other.execute("SELECT FROM subscriptions_countedvalue FOR UPDATE")
        known.LEASES_LOST.add()
        assert not writing.write()
    assert writing.write()
    assert CountedValue.objects.get(name="callhooks_leases_lost_total").values == [2]


@pytest.mark.parametrize(
    ("query", "conditions"),
    [
        (companies._SUMS.replace("%s", "20"), ["hour >="]),
        (f"{health._TAKEABLE} SELECT id FROM endpoint", ["ready_at <=", "due_at <="]),
    ],
    ids=["companies", "oldest due"],
)
def test_an_index_says_where_to_begin_and_to_end(query, conditions):
    """A filter beside the index would read all companies' hours, or all that waits for later."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {query}")
        plan = [line for (line,) in cursor.fetchall()]
    for condition in conditions:
        assert any("Index Cond" in line and condition in line for line in plan), "\n".join(plan)
