"""Processes whose wall clock is wrong."""

from __future__ import annotations

import os
from pathlib import Path

# Python runs this file at the start of every process that finds it. What measures spans (the monotonic clock) stays.
# (libfaketime cannot leave that one alone: then Python's sleep, which names a point of it, fails with EINVAL.)
SHIFTED_CLOCK = """
import datetime, os, time
_shift = float(os.environ["CLOCK_SHIFT"])
_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime
time.time = lambda: _time() + _shift
time.time_ns = lambda: _time_ns() + int(_shift * 1e9)
class datetime_(_datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)
datetime_.__module__ = datetime_.__name__ = datetime_.__qualname__ = "datetime"
datetime.datetime = datetime_
"""


def shifted_clock(folder: Path, seconds: float) -> dict[str, str]:
    """The environment of Python processes that are so many seconds ahead. `folder` is for a file that they read."""
    hook = folder / "clock"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(SHIFTED_CLOCK)
    return {"PYTHONPATH": os.fspath(hook), "CLOCK_SHIFT": str(seconds)}
