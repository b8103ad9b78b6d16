"""`callhooks check_web [PORT]`: does the web server on this machine answer /healthz? For a container's health check,
which runs it every few seconds: it loads nothing of Django."""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit

DEFAULT_PORT = 8000
TIMEOUT = 4.0  # seconds; a container's check is ended after five


def main(arguments: list[str]) -> int:
    """0 if it answers 200; 1 if it does not; 2 for a bad argument."""
    port = arguments[0] if arguments else str(DEFAULT_PORT)
    if len(arguments) > 1 or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        sys.stderr.write("callhooks check_web takes one argument, a port from 1 to 65535.\n")
        return 2
    # As a front server would ask: others get a 400 for the host, or a redirect to https.
    public = urlsplit(os.environ.get("PUBLIC_URL", ""))
    headers = {"Host": public.netloc or "127.0.0.1", "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz", headers=headers)
        answer = connection.getresponse()
        body = answer.read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"Nothing answers on port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(f"{answer.status} {body}\n")
    return 0 if answer.status == 200 else 1
