"""Reports and files are read from a replica, as late as is allowed; everything that decides, and everything while the
replica is away, late or not ours, is read from the primary. With a real standby, which stands still when told to."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, connections, router
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callhooks_site.databases import check_replica_is_another, parse_database_url, parse_replica_url
from callhooks_site.vendor_api import totals_upkeep
from calls.models import Person
from subscriptions.counters import memory
from subscriptions.models import AuditEntry, Company, Membership
from subscriptions.replica import looks, reading
from subscriptions.replica.reading import Reader, read_connection
from tests.support import cleaning
from tests.support.admin import login
from tests.support.factories import make_call, make_company, make_member, make_tracker
from tests.support.replicas import Pair, running_pair

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])
LOG = "subscriptions.replica.looks"


@pytest.fixture(scope="module", autouse=True)
def servers(django_db_setup: None) -> Iterator[Pair]:
    """The standby has its name before a test asks for both databases, and after Django has made the tests' own one."""
    with running_pair(migrated=True) as both:
        connections.settings["replica"] = connection.settings_dict | replica_of(both.standby.url)
        try:
            yield both
        finally:
            del connections.settings["replica"]


@pytest.fixture
def pair(servers: Pair, settings, monkeypatch) -> Iterator[Pair]:
    """Django uses the primary, and the standby as replica."""
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(parse_database_url("DATABASE_URL", servers.primary.url))
    kept_replica = dict(connections["replica"].settings_dict)
    settings.DATABASE_ROUTERS = ["subscriptions.replica.router.Router"]
    settings.DATABASE_REPLICA_LAG_SECONDS = 60
    monkeypatch.setattr(reading, "watch", looks.Watch())
    monkeypatch.setattr(looks, "LOOK_SECONDS", 0)
    memory.take()
    try:
        yield servers
    finally:
        cleaning.delete_everything()
        connections["replica"].close()
        connections["replica"].settings_dict.update(kept_replica)
        connection.close()
        connection.settings_dict.update(kept)


def replica_of(url: str) -> dict[str, Any]:
    return parse_replica_url("DATABASE_REPLICA_URL", url)


def outcomes() -> dict[str, float]:
    return {labels[0]: value[0] for (name, labels), value in memory.take().items() if "replica_reads" in name}


def call(company: Company) -> None:
    start = timezone.now()
    make_call(company, make_tracker(company), start_time=start, answered_at=start, ended_at=start)
    totals_upkeep.keep_up(seconds=30)


def lines_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def calls_in(client: Client) -> list[int]:
    """How many calls the page, its file, and the file of the activity have."""
    page = client.get(reverse("admin:reports"))
    report = lines_of(client.get(reverse("admin:reports_export")))
    return [page.context["report"].total.calls, int(report[1][2]), len(lines_of(client.get(ACTIVITY))) - 1]


ACTIVITY = "/admin/activity/export/"


def test_reports_and_files_are_read_from_the_replica_and_the_page_says_so(pair: Pair):
    company = make_company(time_zone="Etc/UTC")
    client = login(make_member(company))
    operator = login(User.objects.create_superuser("operator@example.com", password=None))
    call(company)
    pair.wait_until_equal()
    with pair.standing_still():
        call(company)
        assert calls_in(client) == [1, 1, 1]
        page = client.get(reverse("admin:reports")).content.decode()
        assert "Read from a copy of the database that is up to" in page
        answer = operator.get(reverse("admin:reports"), {"name": company.name})
        assert [row["calls"] for row in answer.context["rows"]] == ["1"]
        assert "Read from a copy of the database" in answer.content.decode()
        # The list of the activity shows what was just saved, and so does the audit log.
        assert client.get("/admin/activity/").context["pages"]["words"] == "1–2 of 2"
        assert AuditEntry.objects.filter(company=company, act__startswith="Exported").count() == 2
    pair.wait_until_equal()
    assert calls_in(client) == [2, 2, 2]
    assert set(outcomes()) == {"replica"}


def test_without_a_replica_nothing_is_looked_at(monkeypatch, django_assert_num_queries):
    monkeypatch.delitem(connections.settings, "replica")
    memory.take()
    with django_assert_num_queries(0):
        reader = Reader()
        assert reader.read(lambda: read_connection().alias) == "default"
    assert reader.late is None
    assert outcomes() == {}


def test_one_that_is_too_late_is_not_read(pair: Pair, settings, caplog):
    company = make_company(time_zone="Etc/UTC")
    client = login(make_member(company))
    pair.wait_until_equal()
    settings.DATABASE_REPLICA_LAG_SECONDS = 0.001
    with pair.standing_still(), caplog.at_level(logging.INFO, LOG):
        call(company)
        assert calls_in(client) == [1, 1, 1]
        assert "copy of the database" not in client.get(reverse("admin:reports")).content.decode()
        assert set(outcomes()) == {"late"}
        settings.DATABASE_REPLICA_LAG_SECONDS = 60
        assert calls_in(client) == [0, 0, 0]
    told = [record.message for record in caplog.records if record.name == LOG]
    assert "DATABASE_REPLICA_LAG_SECONDS allows 0.001" in told[0]
    assert "read from the replica" in told[1]
    assert len(told) == 2, "only what changes is logged"


def test_one_that_is_away_holds_nobody_up_and_is_asked_again_later(pair: Pair, monkeypatch, caplog):
    company = make_company(time_zone="Etc/UTC")
    client = login(make_member(company))
    call(company)
    pair.wait_until_equal()
    assert Reader().read(lambda: read_connection().alias) == "replica"
    monkeypatch.setattr(looks, "AWAY_SECONDS", 3600)
    pair.standby.stop()
    try:
        with caplog.at_level(logging.WARNING, LOG):
            assert calls_in(client) == [1, 1, 1]
        assert "The replica does not answer" in caplog.text
        assert outcomes().get("away")
    finally:
        pair.standby.start()
    assert Reader().read(lambda: read_connection().alias) == "default", "not before AWAY_SECONDS are over"
    monkeypatch.setattr(reading.watch, "_look_at", 0.0)
    assert Reader().read(lambda: read_connection().alias) == "replica"


def test_a_query_that_fails_there_is_asked_of_the_primary(pair: Pair):
    pair.wait_until_equal()
    asked: list[str] = []

    def do() -> int:
        asked.append(read_connection().alias)
        with read_connection().cursor() as cursor:
            if asked == ["replica"]:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            cursor.execute("SELECT 7")
            return int(cursor.fetchone()[0])

    reader = Reader()
    assert reader.read(do) == 7
    assert (asked, reader.late) == (["replica", "default"], None)
    assert outcomes() == {"failed": 1}


def test_what_fails_at_both_is_told(pair: Pair):
    pair.wait_until_equal()
    with pytest.raises(OperationalError), connection.execute_wrapper(_refuse):
        Reader().read(lambda: read_connection().cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())"))


def _refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if "terminate" in sql:
        raise OperationalError("no")
    return execute(sql, params, many, context)


def test_a_file_that_has_asked_the_primary_stays_there(pair: Pair, monkeypatch):
    pair.wait_until_equal()
    reader = Reader()
    monkeypatch.setattr(reading.watch, "judge", lambda: looks.Verdict("late"))
    assert reader.read(lambda: read_connection().alias) == "default"
    monkeypatch.undo()
    assert reader.read(lambda: read_connection().alias) == "default"


@pytest.mark.parametrize("where", ["another installation", "the primary"])
def test_a_server_that_is_no_replica_of_ours_is_never_read(pair: Pair, where, monkeypatch, caplog):
    from tests.support.replicas import replicated_server  # a third server, for this one only

    if where == "the primary":
        connections["replica"].settings_dict.update(replica_of(pair.primary.url))
        with caplog.at_level(logging.WARNING, LOG):
            assert Reader().read(lambda: read_connection().alias) == "default"
    else:
        with replicated_server("other-primary") as other, replicated_server("other-standby") as standby:
            other.start()
            standby.make_standby_of(other, str(other.folder))
            connections["replica"].settings_dict.update(replica_of(standby.url))
            with caplog.at_level(logging.WARNING, LOG):
                assert Reader().read(lambda: read_connection().alias) == "default"
            connections["replica"].close()
    assert "is no replica of our database" in caplog.text
    assert outcomes() == {"wrong": 1}


def test_who_may_see_what_is_asked_of_the_primary(pair: Pair):
    company, other = make_company(time_zone="Etc/UTC"), make_company("Zq7other", time_zone="Etc/UTC")
    member = make_member(company)
    client = login(member)
    call(company)
    call(other)
    call(other)
    pair.wait_until_equal()
    pages = [reverse("admin:reports"), reverse("admin:reports_export"), ACTIVITY]
    for page in pages:  # of the other company: refused, or not shown
        answer: Any = client.get(page, {"company": other.pk})
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code in (302, 403) or b"Zq7other" not in content, page
    assert calls_in(client) == [1, 1, 1]
    with pair.standing_still():
        Membership.objects.filter(user=member).delete()
        assert {client.get(page).status_code for page in pages} == {403}
    assert "replica" in outcomes()


def test_rows_from_the_replica_lead_to_the_primary_and_are_saved_there(pair: Pair):
    company = make_company()
    main = Person.objects.create(company=company, phone="+12145550123", name="Ann")
    Person.objects.create(company=company, phone="+12145550124", merged_into=main)
    pair.wait_until_equal()
    read = Reader().read(lambda: Person.objects.get(phone="+12145550124", company=company))
    assert read._state.db == "replica"
    with pair.standing_still():
        Person.objects.filter(pk=main.pk).update(name="Bea")
        assert read.merged_into is not None
        assert read.merged_into.name == "Bea"
        read.name = "Cid"
        read.save()
    assert Person.objects.get(pk=read.pk).name == "Cid"
    assert not router.allow_migrate("replica", "calls")


def test_the_address_of_a_replica_is_read_with_care():
    one = parse_replica_url("DATABASE_REPLICA_URL", "postgres://u@db2/name")["OPTIONS"]
    assert ("target_session_attrs" not in one, one["connect_timeout"], one["tcp_user_timeout"]) == (True, 2, 5_000)
    two = parse_replica_url("DATABASE_REPLICA_URL", "postgres://u@db2,db3/name?connect_timeout=4")["OPTIONS"]
    assert (two["target_session_attrs"], two["connect_timeout"]) == ("prefer-standby", 4)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_REPLICA_URL must name a PostgreSQL database"):
        parse_replica_url("DATABASE_REPLICA_URL", "nonsense")
    with pytest.raises(ImproperlyConfigured, match="the primary's address"):
        check_replica_is_another("postgres://u@db1/name", "postgres://u@pooler/name", "postgres://u@db1/name")
