"""Each benchmark in its smallest form: it runs, and prints its keys with plausible values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.compare import compared
from tests.bench.report import Report, Target, percentile

ROOT = Path(__file__).resolve().parents[2]
# Size and seconds of each. All in one process, since the database that all start from takes a while to make.
SHORT = {
    "delivery": (60, None),
    "receivers": (20, 0.5),
    "waiting": (9, 0.5),
    "latency": (3, 0.5),
    "isolation": (60, 0.5),
    "scale": (40, None),
    "backlog": (4000, None),
    "retention": (2000, 0.2),  # so few that each of its loads writes attempts of the same deliveries
    "publish": (10, None),
    "path": (200, 0.5),  # twenty forms take the cluster less CPU than the kernel counts
    "ingest": (20, None),
}
RUN = """
import json, sys
from importlib import import_module
from tests.bench.options import Options
from tests.bench.workspace import bench_workspace
with bench_workspace(durable=False) as workspace:
    for bench, (size, seconds) in json.loads(sys.argv[1]).items():
        report = import_module(f"tests.bench.{bench}").run(workspace, Options(rounds=1, size=size, seconds=seconds))
        print(report.as_json(), flush=True)
"""
# What must be there and more than 0.
KEYS = {
    "delivery": "per_second cpu_ms_per_delivery naive_per_second naive_cpu_ms bare_per_second",
    "receivers": """
        per_second_0 https_per_second_0 per_second_50 per_second_200 per_second_1000 cpu_ms_200 worker_mb
        bare_per_second_0 bare_https_per_second_0 bare_per_second_50 bare_per_second_200 bare_per_second_1000
        bare_cpu_ms_200 bare_worker_mb
    """,
    "waiting": "p50_ms p99_ms claims_per_event",
    "latency": "p50_ms p99_ms naive_p50_ms",
    "isolation": "healthy_p99_ms baseline_p99_ms",
    "scale": "per_second",
    "backlog": "cost_ratio",
    "retention": "",
    "publish": """
        serializer_cpu_ms saves_per_second_0 saves_per_second_1 saves_per_second_10 saves_per_second_10_filtered
        saves_per_second_10_shaped
    """,
    "path": """
        per_second cpu_ms web_cpu_ms postgres_cpu_ms cluster_cpu_ms p50_ms p99_ms calls_cpu_ms statements
        bare_per_second bare_cpu_ms naive_cpu_ms
    """,
    "ingest": "per_second cpu_ms p99_ms bare_per_second batch_per_second",
}


@pytest.mark.long(short="tests/crash/test_bench_short.py::test_a_missed_target_is_told")
@pytest.mark.cluster
def test_each_bench_answers_with_its_figures():
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},  # it starts its own
        "WEBHOOK_TOTAL_TIMEOUT": "2",
        "WEBHOOK_CONNECT_TIMEOUT": "1",
        "DELIVERY_LEASE_SECONDS": "8",
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(SHORT)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reports: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        report = json.loads(line)
        reports[report["bench"]] = report
    assert list(reports) == list(SHORT) == list(KEYS)
    for bench, keys in KEYS.items():
        assert [key for key in keys.split() if not reports[bench][key] > 0] == [], reports[bench]
    assert [reports["waiting"][level]["undelivered"] for level in ("waiting_0", "waiting_9")] == [0, 0]
    assert reports["waiting"]["postgres_cpu_ms_per_event"] >= 0
    assert reports["receivers"]["handshakes_per_1000"] >= 0
    assert reports["path"]["undelivered"] == 0
    # The kernel counts CPU time in hundredths of a second: a small run may have used none.
    assert reports["scale"]["cluster_cpu_ms_per_delivery"] + reports["scale"]["postgres_cpu_ms_per_delivery"] > 0
    assert reports["scale"]["claim_lock_ms_per_1000"] >= 0
    assert set(reports["scale"]["ceiling_per_second"]) == {"4", "16", "64"}
    assert reports["latency"]["idle_cpu_percent"] >= 0
    for layout in ("today", "by_day", "by_delivery"):
        found = reports["retention"][layout]
        assert min(found["seconds"], found["day_mb"], found["queries_ms"]["page"]["planning"]) > 0
        assert found["load_beside"]["longest_ms"] >= found["load_beside"]["p50_ms"] > 0
        # Only a partition gives its space back at once.
        assert (found["given_back_mb"] > 0) is (layout != "today"), found
    assert isinstance(reports["publish"]["added_cpu_ms"], float)
    assert isinstance(reports["publish"]["added_cpu_ms_of_conditions"], float)
    assert isinstance(reports["publish"]["added_cpu_ms_of_a_shape"], float)
    assert reports["isolation"]["healthy_undelivered"] == 0
    for variant in ("dead_10", "dead_50", "late_10", "slow_company", "dead_dns", "flood"):
        assert reports["isolation"][variant]["healthy_undelivered"] == 0
    # The naive way costs many times what the engine does, even at this size and on a busy machine.
    assert reports["delivery"]["naive_cpu_ms"] > 2 * reports["delivery"]["cpu_ms_per_delivery"]


def test_percentiles_are_of_the_nearest_rank():
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50.0, 99.0, 100.0)
    assert percentile([7.0], 99) == 7.0


def test_a_missed_target_is_told():
    report = Report(
        "delivery", "", {"per_second": 10.0}, [Target("rate", 10.0, 20), Target("CPU", 3.0, 5, at_most=True)]
    )
    assert [target["reached"] for target in json.loads(report.as_json())["targets"]] == [False, True]
    assert "MISSED   rate: 10 (wanted ≥ 20)" in report.as_table()
    assert "reached  CPU: 3 (wanted ≤ 5)" in report.as_table()


def test_a_comparison_has_the_medians_of_what_both_have():
    before = [
        {"bench": "path", "cpu_ms": cpu, "old": 1, "setup": "", "targets": [], "late": {"p99": 4.0}}
        for cpu in (1, 9, 2)
    ]
    after = [{"bench": "path", "cpu_ms": cpu, "new": 1, "none": None, "late": {"p99": 2.0}} for cpu in (4, 3, 5)]
    assert compared(before, after) == {
        "before": {"cpu_ms": 2.0, "late.p99": 4.0},
        "after": {"cpu_ms": 4.0, "late.p99": 2.0},
        "ratio": {"cpu_ms": 2.0, "late.p99": 0.5},
    }
