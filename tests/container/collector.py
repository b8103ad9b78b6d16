"""`python -m tests.container.collector FILE`: a collector of traces on port 4318, in the containers' network. Each span
is a line of FILE: its trace, and what it is."""

from __future__ import annotations

import signal
import sys
from collections import defaultdict
from pathlib import Path

from tests.support.collector import Seen, running_collector

PORT = 4318
URL = f"http://127.0.0.1:{PORT}"
KINDS = {2: "request", 4: "publish", 3: "deliver"}


def main(file: Path) -> None:
    with file.open("w") as lines:

        def note(span: Seen) -> None:
            lines.write(f"{span.trace} {KINDS.get(span.kind, span.kind)}\n")
            lines.flush()

        with running_collector(PORT, note):
            signal.sigwait({signal.SIGTERM})


def whole_traces(file: Path) -> int:
    """How many traces lead from a request to a receiver."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for line in file.read_text().splitlines():
        trace, kind = line.split()
        kinds[trace].add(kind)
    return sum({"request", "publish", "deliver"} <= found for found in kinds.values())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
