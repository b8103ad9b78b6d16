"""Python imports this at its start where this folder is on PYTHONPATH: names under `SUFFIX` then never get an answer.

It stands in for a name server that is silent. As the C library would by default, a lookup waits for ten seconds and
then says that it should be tried again. Each lookup that is held up adds a line to the file of `SILENT_DNS_LOG`, so
that the bench knows that the names were looked up here.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any

SUFFIX = ".silent-dns.example.com"
WAIT_SECONDS = 10.0
_getaddrinfo = socket.getaddrinfo


def _answer_or_wait(host: Any, *arguments: Any, **named: Any) -> Any:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if not name.rstrip(".").endswith(SUFFIX):
        return _getaddrinfo(host, *arguments, **named)
    with open(os.environ["SILENT_DNS_LOG"], "a") as log:
        log.write(f"{name}\n")
    time.sleep(WAIT_SECONDS)
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


socket.getaddrinfo = _answer_or_wait
