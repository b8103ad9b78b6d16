"""The examples of docs/api.md and docs/shapes.md, as they stand there, against a running server: none is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from calls.models import Call
from subscriptions.models import Event, Subscription
from tests.support.api import program
from tests.support.factories import make_company, make_key, make_subscription, make_tracker
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "api.md").read_text()
# Each answer's status is noted; what the shell's pipes and variables do is the document's own.
CURL = """curl() { command curl -sS -w '\\n%{stderr}%{http_code} %{method} %{url}\\n' "$@"; }\n"""


def served() -> int:
    """Other sessions in the test's database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def blocks(language: str, text: str = TEXT) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


@pytest.fixture
def company():
    return make_company(recording_expected=False, transcription_expected=False)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="curl and bash run the examples")
def test_each_curl_is_answered_well(live_server, company, tmp_path):
    number = make_tracker(company).phone_number
    first, *rest = blocks("sh")
    assert "API=" in first
    values = f"API={live_server.url}/api/v1 KEY={make_key(company)} NUMBER={number}\n"
    script = values + CURL + "".join(rest)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    told = re.findall(r"^(\d{3}) (\w+) (\S+)$", done.stderr, re.M)
    assert len(told) == sum(block.count("curl -") for block in rest), done.stderr
    assert [each for each in told if not each[0].startswith("2")] == [], done.stdout[-3000:]
    assert Call.objects.get(external_id="4711").note
    assert Event.objects.filter(type="call_modified").exists()
    assert Subscription.objects.get().state == "archived"


def test_each_shape_of_the_docs_is_taken(company):
    """The same address and body, without a shell and a server of their own."""
    subscription = make_subscription(company)
    client = program(company)
    examples = blocks("sh", (DOCS / "shapes.md").read_text())
    assert len(examples) >= 3
    for example in examples:
        path, body = re.search(r"\$API(/\S+) -d '(.*)'", example, re.S).groups()
        answer = client.patch(
            f"/api/v1{path.replace('$SUB', subscription.resource_id)}", json.loads(body), format="json"
        )
        assert answer.status_code == 200, answer.data
        assert json.loads(body).items() <= answer.data.items()


def test_the_python_runs(live_server, company, capsys):
    (code,) = blocks("python")
    names: dict[str, Any] = {
        "api": f"{live_server.url}/api/v1",
        "key": make_key(company),
        "number": make_tracker(company).phone_number,
    }
    exec(code, names)
    names["session"].close()  # the server keeps a thread with a database connection for it
    wait_until(lambda: not served())
    assert names["failed"] == []
    assert "evt_" in capsys.readouterr().out
    assert Event.objects.filter(type="post_call", test=False).exists()
