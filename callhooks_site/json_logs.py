"""Log lines as JSON, `LOG_FORMAT=json`: one line for each event, tracebacks included.

Whatever a client, a receiver or a tenant gets into a message is inside of a JSON string, in ASCII: it can neither end
the line nor add a field, and it has a longest length.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from subscriptions.lib import log_context

from .request_ids import hide_secrets

# Characters of a message and of a traceback: below what journald and most collectors take in one line.
LONGEST_MESSAGE, LONGEST_TRACEBACK, LONGEST_VALUE = 8_000, 16_000, 300
# What a line may say beside its message: `extra` of the logging calls. Others, of libraries, are left out: nobody
# knows what is in them.
FIELDS = (
    "company",
    "event",
    "events",
    "delivery",
    "attempt",
    "outcome",
    "cause",
    "method",
    "route",
    "status",
    "seconds",
)

STDERR = 2

logger = logging.getLogger("callhooks")


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        request_id = getattr(record, "request_id", "-")
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _bounded(_message_of(record), LONGEST_MESSAGE),
            "process": record.process,
        }
        if request_id != "-":
            entry["request"] = request_id
        own = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        entry |= {name: _plain(value) for name, value in (log_context.noted() | own).items()}
        if record.exc_info or record.exc_text:
            text = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
            # Its end says what happened.
            entry["exception"] = _bounded(text, LONGEST_TRACEBACK, from_end=True)
        if record.stack_info:
            entry["stack"] = _bounded(record.stack_info, LONGEST_TRACEBACK, from_end=True)
        return json.dumps(entry)


class OneWrite(logging.Handler):
    """Hands each line to the system whole. Through Python's buffer a long one would go in parts, and lines of other
    processes that share the output between them."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.write(STDERR, f"{self.format(record)}\n".encode())
        except OSError:
            self.handleError(record)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit: the line is worth more than its form
        return f"{record.msg} {record.args!r}"


def _bounded(text: str, longest: int, *, from_end: bool = False) -> str:
    left_out = len(text) - longest
    # Looked through for secrets before it is cut: half of one is known by nothing. And not all of it, if it is endless.
    some = text[-2 * longest :] if from_end else text[: 2 * longest]
    # Half a character, of bytes that were no UTF-8, is what strict readers refuse.
    some = hide_secrets(some.encode("utf-8", "backslashreplace").decode())
    if len(some) <= longest:
        return some
    told = f"[about {max(left_out, 1)} characters left out]"
    return f"{told} {some[-longest:]}" if from_end else f"{some[:longest]} {told}"


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value[: log_context.MOST_EVENTS]]
    return _bounded(str(value), LONGEST_VALUE)


def log_everything() -> None:
    """Have warnings and what ends a process or a thread go through the log too: they would be lines of text."""
    logging.captureWarnings(True)
    sys.excepthook = _log_the_end
    threading.excepthook = lambda args: logger.critical(
        "A thread ended by a fault", exc_info=(args.exc_type, args.exc_value or SystemError(), args.exc_traceback)
    )


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("The process ended by a fault", exc_info=(kind, error, trace))


def gunicorn_config(level: str = "INFO") -> dict[str, Any]:
    """Of gunicorn's own loggers, which Django's configuration does not reach."""
    quiet = {"handlers": ["console"], "propagate": False, "level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "callhooks_site.json_logs.JsonLine"}},
        "filters": {},
        "handlers": {"console": {"class": "callhooks_site.json_logs.OneWrite", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"gunicorn.error": quiet, "gunicorn.access": quiet},
    }
