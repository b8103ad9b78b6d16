"""The list of licences is current, none is a surprise, every package is pinned with hashes, and the audit tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.tools import advisories, licences
from tests.tools.advisories import Audit, verdict

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_of_licences_is_current():
    assert licences.PAGE.read_text() == licences.page(), "Make it anew: ./dev licences"


def test_no_package_has_a_licence_that_nobody_looked_at():
    all_of_them = [*licences.packages(), *licences.packages_for_traces()]
    assert len(all_of_them) > 50
    assert [(name, licence) for name, _, licence in all_of_them if not licences.accepted(licence)] == []


@pytest.mark.parametrize(
    ("licence", "good"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("(MIT AND BSD-3-Clause) OR GPL-2.0-only", True),
        ("MIT AND AGPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("unknown", False),
    ],
)
def test_what_is_accepted(licence: str, good: bool):
    assert licences.accepted(licence) is good


@pytest.mark.parametrize("name", ["", "-dev", "-build", "-embedded", "-tracing"])
def test_everything_is_pinned_with_hashes_and_names_no_index(name: str):
    """pip installs with --require-hashes, so a line without one would stop it; an index would name somebody's host."""
    text = (ROOT / f"requirements{name}.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9-]+==|    --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert "://" not in re.sub(r"#.*", "", text)


def report(*packages: dict[str, object]) -> Audit:
    audit = Audit.read(json.dumps({"dependencies": packages, "fixes": []}))
    assert audit is not None
    return audit


GOOD = {"name": "django", "version": "5.2.19", "vulns": []}
BAD = {"name": "idna", "version": "3.6", "vulns": [{"id": "PYSEC-2024-60", "fix_versions": ["3.7"], "aliases": []}]}
UNKNOWN = {"name": "axes", "skip_reason": "Dependency not found on PyPI"}


def test_an_advisory_fails_the_step_and_says_what_to_do():
    code, words = verdict(report(GOOD, BAD, UNKNOWN))
    assert code == 1
    assert "idna 3.6: PYSEC-2024-60, fixed in 3.7" in words
    assert "2 of 3 packages audited, 1 advisories." in words


def test_without_advisories_it_passes():
    assert verdict(report(GOOD, UNKNOWN)) == (0, "1 of 2 packages audited, 0 advisories.")


@pytest.mark.parametrize("output", ["", "Traceback …", "[]", "{}", "null"])
def test_what_is_no_report_audits_nothing(output: str):
    assert Audit.read(output) is None


@pytest.mark.parametrize("audit", [None, report(), report(UNKNOWN)], ids=["no answer", "empty", "knows none"])
def test_where_nothing_was_audited_it_says_so_loudly(audit: Audit | None):
    code, words = verdict(audit)
    assert code == 0
    assert "NO PACKAGE WAS AUDITED" in words


def test_where_nothing_was_audited_it_fails_if_it_is_required():
    assert verdict(None, required=True)[0] == 1
    assert verdict(report(UNKNOWN), required=True)[0] == 1
    assert verdict(report(GOOD, UNKNOWN), required=True)[0] == 0


def test_it_audits_what_is_installed_in_production():
    assert "requirements.txt" in advisories.COMMAND
    assert "--require-hashes" in advisories.COMMAND
