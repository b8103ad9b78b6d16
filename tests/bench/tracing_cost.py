"""What tracing costs, in turns with and without it: CPU of a form in the web server, and of a delivery in a drain.

python -m tests.bench.tracing_cost [FORMS]     (the exporter's thread is counted, the collector is not)
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import time
from http.server import HTTPServer
from typing import Any

from tests.bench.flame_graph import _requests
from tests.bench.workspace import bench_workspace, use
from tests.support.http_servers import QuietHandler

ROUNDS = 5
COMPANIES = 20
DELIVERIES = 20_000
AT_ONCE = 200  # as a drain records them
SENT_AT_ONCE = 2_000


class _Collector(QuietHandler):
    """Takes everything and looks at nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _collect(told: Any) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Collector)
    told.put(server.server_port)
    server.serve_forever()


def main(forms: int) -> None:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    collector = context.Process(target=_collect, args=[told], daemon=True)
    collector.start()
    try:
        with bench_workspace() as workspace:
            _measure(workspace, f"http://127.0.0.1:{told.get()}", forms)
    finally:
        collector.terminate()


def _measure(workspace: Any, collector: str, forms: int) -> None:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    from subscriptions.tracing import exporter, spans
    from tests.bench.path import _companies

    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = False, ["127.0.0.1"]
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = collector
    database = workspace.database("traces")
    use(database)
    os.environ["DATABASE_URL"] = workspace.databases.url_of(database)
    keys = _companies("http://127.0.0.1:9", COMPANIES)
    requests = {False: _requests(get_wsgi_application(), keys)}
    settings.MIDDLEWARE.insert(0, "callhooks_site.request_spans.trace_requests")
    requests[True] = _requests(get_wsgi_application(), keys)
    found: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(2 * ROUNDS + 2):
        spans.on = bool(turn % 2)
        begun = time.process_time()
        for _ in range(forms):
            next(requests[spans.on])
        exporter.flush()
        if turn > 1:  # the first of each warms up
            found[spans.on].append((time.process_time() - begun) * 1000 / forms)
    for on, values in found.items():
        sys.stdout.write(f"form, {'on' if on else 'off'}: {statistics.median(values):.3f} ms {sorted(values)}\n")
    each = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for first in range(0, DELIVERIES, AT_ONCE):
            spans.note_attempts(_attempts(first))
            if first % SENT_AT_ONCE == 0:  # or the queue would lose what it cannot send in time, and that costs less
                exporter.flush()
        exporter.flush()
        each.append((time.process_time() - begun) * 1_000_000 / DELIVERIES)
    sys.stdout.write(f"delivery, on: {statistics.median(each):.1f} µs more {sorted(each)}\n")


def _attempts(first: int) -> list[Any]:
    from subscriptions.lib.ids import uuid7
    from subscriptions.tracing.spans import Attempted

    now = time.time()
    return [
        Attempted(uuid7(), "form_submission", "COM7", 8, number, 1, now, now, 0.01, "delivered", 200, "")
        for number in range(first, first + AT_ONCE)
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
