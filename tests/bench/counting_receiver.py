"""The receiver of a throughput bench: a process that answers and counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import certificates
from tests.bench.helpers import Helper, helper
from tests.bench.receiver import Counts, hosts


@dataclass(slots=True)
class CountingReceiver:
    """`authority`: the file of the certificate authority that speaks for it, None: it speaks http."""

    port: int
    authority: Path | None
    _process: Helper

    def urls(self, count: int) -> list[str]:
        """A URL on each of the first `count` hosts."""
        scheme = "https" if self.authority else "http"
        return [f"{scheme}://{host}:{self.port}/hooks" for host in hosts(count)]

    def counts(self) -> Counts:
        return Counts(**json.loads(self._process.ask("count")))

    def posts(self) -> int:
        """How many requests came since it was started."""
        return self.counts().posts


@contextmanager
def running_counting_receiver(
    folder: Path, *, count: int, delay: float = 0.0, https: bool = False
) -> Iterator[CountingReceiver]:
    """A receiver on `count` hosts that answers after `delay` seconds; its certificates are made in `folder`."""
    authority, arguments = None, ["--hosts", str(count), "--answer", str(delay)]
    if https:
        authority = certificates.make(folder, hosts(count))
        arguments += ["--tls", str(folder)]
    with helper("receiver", *arguments) as process:
        yield CountingReceiver(int(process.answer()), authority, process)
