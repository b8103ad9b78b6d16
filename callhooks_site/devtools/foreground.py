"""Run one command in the foreground while we hold something that it needs, such as the database."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType

from callhooks_site.devtools.state import PROJECT


def run_foreground(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Returns its exit code, as a shell would.

    Leaves Ctrl-C to the command; passes SIGTERM and SIGHUP on to it.
    """
    received: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if process is not None and process.poll() is None:
            process.send_signal(number)

    # Functions, because the command would inherit SIG_IGN. Installed before it starts, so that no signal is missed.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda number, frame: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
        signal.SIGHUP: signal.signal(signal.SIGHUP, pass_on),
    }
    try:
        process = subprocess.Popen(command, env=env, cwd=PROJECT)
        if received:
            process.send_signal(received[0])
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
