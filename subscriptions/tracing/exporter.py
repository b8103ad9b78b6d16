"""Sends spans to the collector, from a thread of each process. The only module that imports OpenTelemetry.

Invariants
- The thread starts with the first span of a process, which is after any fork.
- Nobody waits for the collector: when the queue is full, the oldest spans are lost.
- A collector that does not answer is said once, and so is that it answers again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.util import Finalize
from urllib.parse import urlsplit

from django.conf import settings
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from callhooks_site.version import NAME, VERSION

from .trace_ids import Place

logger = logging.getLogger(__name__)

QUEUE = 8_192  # spans: some 8 MB, and a second of a busy drain
BATCH = 512
END_SECONDS = 2.0  # how long a process that ends waits for the collector

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope(NAME.lower(), VERSION)
_FAILED, _UNSET = Status(StatusCode.ERROR), Status(StatusCode.UNSET)
_KINDS = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "client": SpanKind.CLIENT,
}

_lock = threading.Lock()
_processor: BatchSpanProcessor | None = None
_resource = Resource.get_empty()


def write(
    name: str,
    place: Place,
    *,
    kind: str,
    parent: Place | None,
    began: int,
    ended: int,
    attributes: Mapping[str, str | int],
    links: Sequence[Place] = (),
    failed: bool = False,
) -> None:
    """Queue one span that is over. Times in nanoseconds since 1970.

    It is made as it is: a tracer would choose its id, and would cost several times as much."""
    processor = _processor or _start()
    processor.on_end(
        ReadableSpan(
            name,
            _context(place),
            parent and _context(parent),
            _resource,
            attributes,
            links=[Link(_context(link)) for link in links],
            kind=_KINDS[kind],
            status=_FAILED if failed else _UNSET,
            start_time=began,
            end_time=max(began, ended),
            instrumentation_scope=_SCOPE,
        )
    )


def flush(seconds: float = END_SECONDS) -> None:
    """Send what is queued, as far as that is possible in so many seconds."""
    if _processor is not None:
        thread = threading.Thread(target=_processor.force_flush, name="traces, the last ones", daemon=True)
        thread.start()
        thread.join(seconds)


def _context(place: Place) -> SpanContext:
    return SpanContext(place.trace, place.span, is_remote=False, trace_flags=_SAMPLED)


def _start() -> BatchSpanProcessor:
    global _processor, _resource
    with _lock:
        if _processor is None:
            name = os.environ.get("OTEL_SERVICE_NAME") or NAME.lower()
            _resource = Resource.create({SERVICE_NAME: name, SERVICE_VERSION: VERSION})
            exporter = _Telling(settings.OTEL_EXPORTER_OTLP_ENDPOINT)
            _processor = BatchSpanProcessor(
                exporter,
                max_queue_size=QUEUE,
                schedule_delay_millis=settings.OTEL_BSP_SCHEDULE_DELAY,
                max_export_batch_size=BATCH,
            )
            Finalize(None, flush, exitpriority=1)  # in django-q2's workers too, where atexit does nothing
        return _processor


def _forget() -> None:
    """A forked process has none of its parent's threads."""
    global _processor, _lock
    _processor, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


class _Telling(SpanExporter):
    """Sends batches to the collector at this address, and says in our words when it stops and begins to answer."""

    def __init__(self, endpoint: str) -> None:
        self._exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._where = urlsplit(endpoint).netloc.rpartition("@")[2]
        self._is_down = False
        # They say the same with each batch, and for each span beyond the queue.
        for name in (OTLPSpanExporter.__module__, "opentelemetry.sdk._shared_internal"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        is_down = result is not SpanExportResult.SUCCESS
        if is_down and not self._is_down:
            logger.warning("The collector of traces at %s takes none. Traces are lost until it does.", self._where)
        elif self._is_down and not is_down:
            logger.info("The collector of traces at %s takes them again.", self._where)
        self._is_down = is_down
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]
