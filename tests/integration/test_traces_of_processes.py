"""Tracing in processes: nothing is imported while it is off, and what a worker wrote last is sent when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.collector import running_collector
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
OFF = """
import sys
import callhooks_site.wsgi
import subscriptions.worker.tasks, subscriptions.tracing.spans, callhooks_site.urls
print(*(name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "google")))
"""
# As django-q2 makes its workers: by fork, out of a process that has written spans itself.
FORKED = """
import multiprocessing, uuid
import django; django.setup()
from subscriptions.lib.ids import uuid7
from subscriptions.tracing import spans

def publish(name):
    spans.note_published([spans.Published(uuid7(), name, "FRM1", "COM1")])

publish("parent")
child = multiprocessing.get_context("fork").Process(target=publish, args=["child"])
child.start()
child.join()
"""


def run(code: str, **more: str) -> str:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "callhooks_site.settings", **more}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_imported_while_it_is_off():
    assert run(OFF, OTEL_EXPORTER_OTLP_ENDPOINT="").strip() == ""


@pytest.mark.long(short="tests/integration/test_traces.py::test_one_trace_from_the_request_to_the_answer")
def test_a_worker_sends_its_last_spans_when_it_ends():
    with running_collector() as collector:
        run(FORKED, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert sorted(span.name for span in collector.wait_for(2)) == ["publish child", "publish parent"]
        assert len(collector.spans) == 2
