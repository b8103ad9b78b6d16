"""The whole service behind PgBouncer in transaction mode: web servers through it, the cluster past it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.contrib.auth import get_user_model
from django.db import connection

from subscriptions.models import Attempt, Delivery
from tests.crash.cluster import ROOT, database_url, environment, running_cluster
from tests.support.admin import login
from tests.support.drains import nothing_pending
from tests.support.factories import make_company, make_key, make_subscription
from tests.support.poolers import running_pooler
from tests.support.receiver import Receiver
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

AT_ONCE, EACH = 6, 12  # clients, and their forms: more clients than the pooler has connections
_SESSIONS = """
SELECT application_name, count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1
"""


@contextmanager
def running_web(log: Path, **changes: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application", "--config", "gunicorn.conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1"]
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        env = environment(PUBLIC_URL=url, **changes)
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True)
        try:
            wait_until(lambda: answers(url))
            yield url
        finally:
            process.terminate()
            process.wait(120)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200
    except requests.ConnectionError:
        return False


def sessions() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS)
        return dict(cursor.fetchall())


def test_web_servers_share_a_few_sessions_and_drains_have_their_own(receiver: Receiver, tmp_path: Path):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["form_submission"])
    key = make_key(company)
    operator = login(get_user_model().objects.create_superuser("operator@example.com"))
    with running_pooler(size=2) as pooler:
        urls = {"DATABASE_URL": pooler.url, "DATABASE_DIRECT_URL": database_url()}
        with running_cluster(tmp_path / "cluster.log", **urls), running_web(tmp_path / "web.log", **urls) as web:
            failed: list[str] = []

            def submit() -> None:
                for _ in range(EACH):
                    form = {"form_data": {"name": "Ann", "email": "ann@example.com"}}
                    answer = requests.post(
                        f"{web}/api/v1/forms/", json=form, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE
                    )
                    if answer.status_code != 201:
                        failed.append(answer.text)

            clients = [threading.Thread(target=submit) for _ in range(AT_ONCE)]
            for client in clients:
                client.start()
            pages = look_at_pages(web, operator.cookies["sessionid"].value)
            for client in clients:
                client.join()
            wait_until(lambda: Delivery.objects.count() == AT_ONCE * EACH and nothing_pending())
            seen = sessions()
    assert failed == []
    assert set(pages.values()) == {200}, pages
    assert seen.get("callhooks drain", 0) >= 1, "drains hold sessions of their own"
    assert len(receiver.got) == AT_ONCE * EACH
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"delivered"}
    log = (tmp_path / "web.log").read_text()
    assert not re.search(r"ERROR|Traceback|prepared statement|cursor", log), log


def look_at_pages(web: str, session: str) -> dict[str, int]:
    """Pages with forms, whose choices Django reads by a cursor; and what each answered."""
    paths = ["", "subscriptions/subscription/add/", "subscriptions/delivery/", "calls/tracker/add/", "calls/call/"]
    with requests.Session() as browser:
        browser.cookies.set("sessionid", session)
        return {path: browser.get(f"{web}/admin/{path}", timeout=PATIENCE).status_code for path in paths}


@pytest.mark.long(
    short="tests/crash/test_service_behind_a_pooler.py::test_web_servers_share_a_few_sessions_and_drains_have_their_own"
)
def test_a_web_server_that_prepares_behind_it_says_so_once(tmp_path: Path):
    with running_pooler(size=2) as pooler:
        changes = {"DATABASE_URL": pooler.url, "DATABASE_DIRECT_URL": "", "WEB_CONCURRENCY": "2"}
        log = tmp_path / "web.log"
        with running_web(log, **changes):
            wait_until(lambda: "does not know prepared statements" in log.read_text())
    assert log.read_text().count("Set DATABASE_PREPARED_STATEMENTS=no") == 1
