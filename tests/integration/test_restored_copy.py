"""A restored copy starts quiet: it sends nothing until it is released, and says so wherever an operator looks."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callhooks_site import health as web
from callhooks_site.devtools.pg_binaries import find_binaries, server_account
from callhooks_site.devtools.state import PROJECT
from subscriptions.endpoints import alerts, endpoint_changes, issues
from subscriptions.feed.manifests import daily
from subscriptions.maintenance import copies, daily_summary, retention
from subscriptions.models import AlertDestination, DatabaseIdentity, Delivery, DrainSlot, Subscription
from subscriptions.tenancy import mails
from subscriptions.worker import mails as mail_task
from subscriptions.worker import quiet, stop_flag, tasks
from tests.crash.cluster import database_url
from tests.support import factories
from tests.support.admin import login
from tests.support.alerts import make_destination
from tests.support.drains import nothing_pending

pytestmark = pytest.mark.django_db
# What differs in a copy, and the words that explain it.
DIFFERENCES = {
    "system_identifier": "another database server",
    "database_oid": "another database of the server",
    "table_oid": "dropped and restored from a dump",
    "timeline": "recovered to a point in time, or a standby was promoted",
}


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    web.forget()
    monkeypatch.setattr(quiet, "_told", "")
    yield
    web.forget()


def make_copy(*differing: str) -> None:
    """As if this database had been restored from another one."""
    copies.release()
    DatabaseIdentity.objects.update(**{name: F(name) + 1 for name in differing or ["system_identifier"]})


def beat(seconds_ago: float) -> None:
    DrainSlot.objects.create(number=1, beat_at=timezone.now() - timedelta(seconds=seconds_ago))


def test_the_first_start_writes_which_database_sends():
    assert copies.explain() == ""
    assert not DatabaseIdentity.objects.exists()  # whoever only looks writes nothing
    assert copies.settle() == ""
    (written,) = DatabaseIdentity.objects.all()
    assert written.system_identifier
    assert written.database_oid > 0
    assert written.timeline == 1
    assert copies.settle() == ""


@pytest.mark.parametrize("differing", DIFFERENCES)
def test_each_kind_of_copy_is_known(differing: str):
    make_copy(differing)
    why = copies.settle()
    assert DIFFERENCES[differing] in why
    assert "manage.py release" in why
    assert copies.explain() == why
    copies.release()
    assert copies.settle() == ""


@pytest.mark.django_db(transaction=True)
def test_a_dump_restored_over_its_own_database_is_a_copy(tmp_path):
    """With PostgreSQL's own programs, as `pg_restore --clean` of the whole database does it."""
    copies.settle()
    table, url, file = DatabaseIdentity._meta.db_table, database_url(), os.fspath(tmp_path / "dump")
    with connection.cursor() as cursor:  # nothing else makes a table of another oid
        for command in ("VACUUM FULL", "REINDEX TABLE", "CLUSTER", "ALTER TABLE"):
            after = {"CLUSTER": f"USING {table}_pkey", "ALTER TABLE": "ALTER timeline TYPE numeric"}.get(command, "")
            cursor.execute(f"{command} {table} {after}")
            assert copies.settle() == "", command
        cursor.execute(f"ALTER TABLE {table} ALTER timeline TYPE bigint")
    _run("pg_dump", "--format", "custom", "--table", table, "--file", file, url)
    assert copies.settle() == ""
    _run("pg_restore", "--clean", "--if-exists", "--exit-on-error", "--no-owner", "--dbname", url, file)
    assert "restored from a dump" in copies.settle()
    copies.release()
    assert copies.settle() == ""


def test_a_row_of_an_earlier_release_learns_its_table():
    copies.settle()
    DatabaseIdentity.objects.update(table_oid=None)
    assert copies.explain() == copies.settle() == ""
    assert DatabaseIdentity.objects.get().table_oid == copies.look().now.table_oid


def _run(program: str, *arguments: str) -> None:
    found = find_binaries(PROJECT / "var", server_account()).program(program)
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_address_makes_a_copy(settings):
    settings.PUBLIC_URL = "https://hooks.example.com"
    copies.settle()
    settings.PUBLIC_URL = "https://hooks.example.com:8443/"
    assert copies.settle() == ""
    settings.PUBLIC_URL = "https://staging.example.com"
    assert "was hooks.example.com and is staging.example.com" in copies.settle()


def test_all_names_of_this_machine_are_one_address(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    copies.settle()
    for url in ("http://localhost:8100", "http://[::1]:8000", "http://acme.localhost"):
        settings.PUBLIC_URL = url
        assert copies.settle() == ""


def test_a_promoted_standby_needs_a_release(settings):
    make_copy("timeline")
    beat(-1)  # by another server's clock
    assert settings.DATABASE_FAILOVER_SECONDS == 0
    assert copies.settle() != ""


def test_a_promoted_standby_goes_on_where_that_is_set(settings):
    settings.DATABASE_FAILOVER_SECONDS = 120
    make_copy("timeline")
    beat(100)
    assert copies.explain() == ""
    assert copies.settle() == ""
    settings.DATABASE_FAILOVER_SECONDS = 0
    assert copies.settle() == ""  # the new timeline is written


def test_what_was_recovered_to_an_earlier_time_is_no_failover(settings):
    settings.DATABASE_FAILOVER_SECONDS = 120
    make_copy("timeline")
    assert copies.settle() != ""  # no drain has ever worked
    beat(130)
    assert copies.settle() != ""


def test_a_failover_explains_nothing_but_the_timeline(settings):
    settings.DATABASE_FAILOVER_SECONDS = 120
    make_copy("timeline", "database_oid")
    beat(1)
    assert copies.settle() != ""


def test_a_server_that_says_little_is_still_told_by_its_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; "
            "GRANT SELECT ON subscriptions_databaseidentity, subscriptions_drainslot TO pg_signal_backend; "
            "SET LOCAL ROLE pg_signal_backend"
        )
        seen = copies.look().now
        cursor.execute("RESET ROLE")
    assert (seen.system_identifier, seen.timeline) == (0, 0)
    assert seen.database_oid > 0


@pytest.mark.django_db(transaction=True)
def test_a_copy_delivers_only_when_it_is_released(receiver, monkeypatch, capsys):
    company = factories.make_company()
    factories.make_subscription(company, receiver.url, events=["pre_call"])
    factories.make_call(company)
    make_copy()
    monkeypatch.setattr(stop_flag, "stopping", nothing_pending)
    tasks.drain()
    assert receiver.got == []
    assert not DrainSlot.objects.filter(beat_at__isnull=False).exists()  # it did not even take a slot
    call_command("release")
    assert "Released" in capsys.readouterr().out
    tasks.drain()
    assert len(receiver.got) == 1


def test_a_copy_sends_no_mail_until_it_is_released():
    make_copy()
    factories.make_member(factories.make_company(), username="ann@example.com")
    mails.request_reset("ann@example.com", client="127.0.0.1")
    mail_task.work()
    tasks.sweep()
    assert mail.outbox == []
    copies.release()
    mail_task.work()
    assert len(mail.outbox) == 1


def test_a_copy_keeps_what_has_expired(monkeypatch):
    asked: list[str] = []

    def delete_some() -> bool:
        asked.append("delete_some")
        return False

    monkeypatch.setattr(retention, "delete_some", delete_some)
    make_copy()
    tasks.tidy()
    assert not asked
    copies.release()
    tasks.tidy()
    assert asked


def test_a_sweep_of_a_copy_tells_nobody(monkeypatch):
    told: list[str] = []
    for module, name in (
        (alerts, "tell"),
        (alerts, "disable_hopeless"),
        (issues, "follow"),
        (endpoint_changes, "tell"),
        (daily_summary, "send_due"),
        (daily, "make_some"),
    ):
        monkeypatch.setattr(module, name, lambda *_, name=name: told.append(name))
    make_copy()
    tasks.sweep()
    assert told == []
    copies.release()
    tasks.sweep()
    assert len(told) == 6


def test_a_test_copy_is_released_with_everything_paused(capsys):
    company = factories.make_company()
    subscription = factories.make_subscription(company, events=["pre_call"])
    destination = make_destination(company)
    factories.make_call(company)
    make_copy()
    call_command("release", "--pause")
    assert "1 subscriptions are paused." in capsys.readouterr().out
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.PAUSED
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.HELD}
    assert not AlertDestination.objects.get(pk=destination.pk).active
    assert not Subscription.with_alerts.filter(state=Subscription.State.ACTIVE).exists()
    assert copies.settle() == ""


def test_health_says_it(client: Client, capsys):
    make_copy()
    beat(1)
    answer = client.get("/healthz?deep=1")
    assert (answer.status_code, answer.json()["deliveries"]) == (503, "quiet")
    assert client.get("/healthz").status_code == 200  # people and programs can use it
    with pytest.raises(SystemExit):
        call_command("health")
    assert "so nothing is sent" in capsys.readouterr().out


def test_operators_see_it_in_the_admin_and_nobody_else():
    make_copy()
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    member = login(factories.make_member(factories.make_company()))
    for page in ("admin:index", "admin:service"):
        assert "so nothing is sent" in operator.get(reverse(page)).content.decode()
    assert "so nothing is sent" not in member.get(reverse("admin:index")).content.decode()
    copies.release()
    for page in ("admin:index", "admin:service"):
        assert "so nothing is sent" not in operator.get(reverse(page)).content.decode()
