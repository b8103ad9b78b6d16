"""Our signatures as the public libraries of Node see them; tests/unit/test_delivery_headers.py asks Python's."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from subscriptions.delivery.signing import delivery_headers
from tests.support.demo_receiver import OLD_SECRET, PROJECT, SECRET, SIGNING_KEY
from tests.support.waiting import PATIENCE

HERE = PROJECT / "tests/node"
STRANGER = "whsec_" + "c3NzcyBzc3NzIHNzc3Mgc3NzcyBzc3M="
BODY = '{"content":"Grüße 👋\\n"}'


@pytest.fixture(scope="module")
def libraries() -> Path:
    """A folder where they are installed as the lock file pins them, kept from one run to the next."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node with npm on this machine")
    folder = PROJECT / "var/node-libraries"
    folder.mkdir(parents=True, exist_ok=True)
    pinned = (HERE / "package-lock.json").read_text()
    stamp = folder / "installed.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != pinned:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=45)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                pytest.skip("npm could not install the libraries; is there a connection to its registry?")
            stamp.write_text(pinned)
    return folder


def taken(libraries: Path, cases: list[dict[str, object]]) -> list[bool]:
    result = subprocess.run(
        ["node", str(HERE / "verify.mjs"), str(libraries)],
        input=json.dumps(cases).encode(),
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert result.returncode == 0, result.stderr.decode()
    return list(json.loads(result.stdout))


def headers(secrets: list[str], *, at: float = 0) -> dict[str, str]:
    return delivery_headers(
        BODY.encode(),
        user_agent="Callhooks/0",
        webhook_id="evt_0192f3",
        event_type="post_call",
        sequence=1,
        attempt=1,
        timestamp=int(time.time() + at),
        signing_key=SIGNING_KEY,
        secrets=secrets,
    )


def test_both_libraries_take_what_they_should_and_nothing_else(libraries: Path) -> None:
    rotating = headers([SECRET, OLD_SECRET])
    table = [
        ("new secret", SECRET, BODY, rotating, True),
        ("old secret, in the overlap", OLD_SECRET, BODY, rotating, True),
        ("new secret alone", SECRET, BODY, headers([SECRET]), True),
        ("old secret, after it", OLD_SECRET, BODY, headers([SECRET]), False),
        ("another's secret", STRANGER, BODY, rotating, False),
        ("tampered body", SECRET, BODY + " ", rotating, False),
        ("tampered id", SECRET, BODY, {**rotating, "webhook-id": "evt_2"}, False),
        ("too old", SECRET, BODY, headers([SECRET], at=-400), False),
    ]
    cases: list[tuple[str, str, bool, dict[str, object]]] = [
        (library, name, good, {"library": library, "secret": secret, "body": body, "headers": sent})
        for library in ("standardwebhooks", "svix")
        for name, secret, body, sent, good in table
    ]
    answers = taken(libraries, [case for *_, case in cases])
    wrong = [case[:3] for case, answer in zip(cases, answers, strict=True) if case[2] is not answer]
    assert wrong == []
