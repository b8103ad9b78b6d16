"""A Prometheus of a test's own, on 127.0.0.1, with our alert rules in a hurry."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.chaos.parts import free_port
from tests.support.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "callhooks.json"
PROMETHEUS = shutil.which("prometheus")
# The page is read once in five seconds, and counts are written once in five: the shortest window that sees them grow.
WINDOW = "20s"
CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: callhooks
    authorization: {{credentials_file: {folder}/token}}
    static_configs: [{targets}]
rule_files: [{folder}/alerts.yml]
"""


def hurried(rules: str) -> str:
    """The same rules, without a wait, over short windows; thresholds stay."""
    return re.sub(r"\[\d+[mh]\]", f"[{WINDOW}]", re.sub(r"for: \w+", "for: 0s", rules))


class Prometheus:
    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series; none while it is not up."""
        try:
            with urlopen(f"{self._base}/query?{urlencode({'query': query})}", timeout=PATIENCE) as answer:
                found: dict[str, Any] = json.load(answer)
        except OSError:
            return []
        return [(one["metric"], float(one["value"][1])) for one in found["data"]["result"]]

    def ask_over_time(self, query: str) -> list[dict[str, str]]:
        """Labels of the series that have a value, no NaN, at some time of the last ten minutes. Raises HTTPError for
        what is no query."""
        now = time.time()
        asked = {"query": query, "start": now - 600, "end": now, "step": 5}
        with urlopen(f"{self._base}/query_range?{urlencode(asked)}", timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
        return [one["metric"] for one in found["data"]["result"] if any(value != "NaN" for _, value in one["values"])]

    def firing(self, *, instance: str = "") -> set[str]:
        """Alerts that fire now; `instance`: of this target, or of none."""
        found = [labels for labels, _ in self.ask('ALERTS{alertstate="firing"}')]
        return {one["alertname"] for one in found if not instance or one.get("instance", instance) == instance}

    def fired(self) -> set[str]:
        """Alerts that fired at any time."""
        return {labels["alertname"] for labels, _ in self.ask('max_over_time(ALERTS{alertstate="firing"}[1h])')}


@contextmanager
def running_prometheus(folder: Path, targets: Mapping[str, str], token: str) -> Iterator[Prometheus]:
    """`targets`: their names, which become the label `instance`, and addresses."""
    assert PROMETHEUS is not None
    (folder / "token").write_text(token)
    (folder / "alerts.yml").write_text(hurried(RULES.read_text()))
    static = ", ".join(f'{{targets: ["{address}"], labels: {{instance: {name}}}}}' for name, address in targets.items())
    (folder / "prometheus.yml").write_text(CONFIG.format(folder=folder, targets=static))
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                PROMETHEUS, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
            ],
            stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        prometheus = Prometheus(port)
        wait_until(lambda: prometheus.ask("up"), every=0.2)
        yield prometheus
    finally:
        process.terminate()
        process.wait(60)
