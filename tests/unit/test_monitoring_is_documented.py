"""docs/monitoring.md names each metric with its labels and each alert; dashboard and alerts use these only."""

from __future__ import annotations

import json
import re
from pathlib import Path

from callhooks_site.metrics import companies, parts, state
from subscriptions.counters.known import COUNTERS, HISTOGRAMS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "monitoring.md").read_text()
ALERTS = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "callhooks.json").read_text())
NAME = re.compile(r"callhooks_[a-z_]+")
ROWS = [line.split("|") for line in DOCUMENT.splitlines() if line.startswith("| `")]
DOCUMENTED = {name: re.findall(r"`(\w+)`", row[2]) for row in ROWS for name in NAME.findall(row[1])}


def named_in_the_code() -> set[str]:
    """The gauges, by the names in the sources."""
    texts = [Path(module.__file__).read_text() for module in (companies, parts, state)]
    return {name for text in texts for name in re.findall(r'"(callhooks_[a-z_]+)"', text)}


def used(text: str) -> set[str]:
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in NAME.findall(text)}


def test_each_metric_is_in_the_document_and_no_other():
    counted = {one.name for one in (*COUNTERS, *HISTOGRAMS)}
    assert set(DOCUMENTED) == counted | named_in_the_code()


def test_the_document_knows_the_labels():
    for one in (*COUNTERS, *HISTOGRAMS):
        assert DOCUMENTED[one.name] == list(one.labels), one.name


def test_names_follow_the_rules_of_prometheus():
    assert all(one.name.endswith("_total") for one in COUNTERS)
    assert all(one.name.endswith("_seconds") for one in HISTOGRAMS)
    for one in (*COUNTERS, *HISTOGRAMS):
        assert not {"le", "job", "instance"} & set(one.labels)
    assert all(list(one.bounds) == sorted(set(one.bounds)) for one in HISTOGRAMS)


def test_alerts_and_dashboard_use_metrics_that_are_there():
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert len(queries) > 30
    for text in (ALERTS, *queries):
        assert used(text) <= set(DOCUMENTED), text
    assert set(DOCUMENTED) - used(" ".join(queries)) <= {
        "callhooks_build_info", "callhooks_claimed_total", "callhooks_database_up", "callhooks_drain_beat_seconds",
        "callhooks_claim_lock_waiting", "callhooks_handed_back_total", "callhooks_import_wait_seconds",
        "callhooks_imports_total", "callhooks_issues_open", "callhooks_leases_lost_total",
        "callhooks_mail_wait_seconds", "callhooks_quiet", "callhooks_replica_lag_seconds",
        "callhooks_replica_reads_total", "callhooks_retention_pass_seconds", "callhooks_scrape_failed",
        "callhooks_scrape_seconds", "callhooks_task_seconds", "callhooks_task_wait_seconds",
    }  # fmt: skip


def test_each_alert_has_its_row_and_no_other():
    alerts = re.findall(r"alert: (\w+)", ALERTS)
    assert re.findall(r"^\| `(Callhooks\w+)`", DOCUMENT, re.MULTILINE) == alerts
