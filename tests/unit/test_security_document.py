"""docs/security.md says what is true: the counts of the hostile suite, and tests and modules that there are."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hostile import (
    header_cases,
    name_cases,
    reply_cases,
    test_deadlines,
    test_forged_answers,
    test_replies,
    test_tls,
    url_cases,
)

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
COUNTS = {
    "URLs that are refused when saved and when sent": len(url_cases.CASES),
    "names that lead where they must not": len(name_cases.CASES),
    "answers of receivers": len(reply_cases.CASES),
    "request headers that are refused when saved": len(header_cases.CASES),
    "request headers that reached the client all the same": len(header_cases.UNSENDABLE),
    "receivers that drip": len(test_deadlines.DRIPS),
    "receivers that flood": len(test_replies.FLOODS),
    "answers to no request": len(test_forged_answers.CASES),
    "certificates of servers": len(test_tls.BAD),
}


def test_the_counts_of_the_hostile_suite_are_true():
    table = TEXT.split("| table | cases |", 1)[1].split("\n\n", 1)[0]
    told = {name.strip("* "): int(count) for name, count in re.findall(r"^\| (.+?) \| \**(\d+)\** \|$", table, re.M)}
    assert told == COUNTS | {"together": sum(COUNTS.values())}


def test_there_are_at_least_two_hundred():
    assert sum(COUNTS.values()) >= 200


def test_every_test_that_it_names_exists():
    named = set(re.findall(r"\btest_\w+\.py", TEXT))
    assert len(named) > 15
    assert named - {path.name for path in (ROOT / "tests").rglob("test_*.py")} == set()


def test_every_module_that_it_names_exists():
    named = {name for name in re.findall(r"`([\w/]+\.py)`", TEXT) if not name.rpartition("/")[2].startswith("test_")}
    sources = [
        path.relative_to(ROOT).as_posix()
        for app in ("subscriptions", "callhooks_site", "forms_intake", "calls", "messaging")
        for path in (ROOT / app).rglob("*.py")
    ]
    assert [name for name in named if not any(path.endswith(f"/{name}") or path == name for path in sources)] == []


def test_every_command_that_it_names_exists():
    from django.core.management import get_commands

    commands = set(re.findall(r"`callhooks (\w+)", TEXT)) | {"rotate_encryption_keys"}
    assert commands - set(get_commands()) == set()
