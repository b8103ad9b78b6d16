"""A collector of traces for tests: takes OTLP over HTTP on 127.0.0.1, and reads what it is sent as a collector does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.http_servers import QuietHandler
from tests.support.waiting import PATIENCE


@dataclass
class Seen:
    """A span as it came; ids in hex."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    began: int
    ended: int
    failed: bool
    links: list[tuple[str, str]]
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass
class Collector:
    spans: list[Seen] = field(default_factory=list)
    raw: bytes = b""
    url: str = ""
    tell: Callable[[Seen], None] = lambda span: None
    _came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes) -> None:
        with self._came:
            self.raw += body
            for span in _read(body):
                self.spans.append(span)
                self.tell(span)
            self._came.notify_all()

    def wait_for(self, count: int, wanted: Callable[[Seen], bool] = lambda span: True) -> list[Seen]:
        """The spans that are wanted, as soon as there are `count`."""

        def found() -> list[Seen]:
            return [span for span in self.spans if wanted(span)]

        with self._came:
            enough = self._came.wait_for(lambda: len(found()) >= count, PATIENCE)
            assert enough, f"{len(found())} of {count} came: {[span.name for span in self.spans]}"
            return found()


@contextmanager
def running_collector(port: int = 0, tell: Callable[[Seen], None] = lambda span: None) -> Iterator[Collector]:
    """`tell`: called with each span that comes."""
    collector = Collector(tell=tell)

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            good = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            self.send_response(200 if good else 400)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if good:
                collector.take(body)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _read(body: bytes) -> Iterator[Seen]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    for of_resource in request.resource_spans:
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield Seen(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.kind,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    span.status.code == 2,
                    [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                    _plain(span.attributes),
                    _plain(of_resource.resource.attributes),
                )


def _plain(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
