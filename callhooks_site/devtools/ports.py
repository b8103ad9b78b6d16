"""The two ports of `./dev run`, checked before anything is started."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import time

from callhooks_site.devtools.state import DevError
from callhooks_site.installation import PROGRAM

# Processes of a run that was just killed keep their ports until they have ended.
PATIENCE = 1.5  # seconds


def claim_ports() -> tuple[int, int]:
    """The web server's and the receiver's port. Raises DevError, with the variable that changes it, if one is in
    use."""
    web, receiver = port_from("WEB_PORT", 8000), port_from("RECEIVER_PORT", 8001)
    if web == receiver:
        raise DevError(f"WEB_PORT and RECEIVER_PORT are both {web}; give them different ports.")
    check_free(web, "WEB_PORT")
    check_free(receiver, "RECEIVER_PORT")
    return web, receiver


def port_from(variable: str, default: int) -> int:
    text = os.environ.get(variable, "") or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise DevError(f"{variable} is {text!r}; it must be a port number from 1 to 65535.")
    return int(text)


def check_free(port: int, variable: str, patience: float = PATIENCE) -> None:
    """Raises DevError unless one of our servers can listen on this port of 127.0.0.1."""
    deadline = time.monotonic() + patience
    while (error := _listen(port)) is not None:
        if error.errno != errno.EADDRINUSE:
            raise DevError(f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}). {_advice(variable)}")
        if time.monotonic() >= deadline:
            raise DevError(f"Port {port} of 127.0.0.1 is in use by another program. {_advice(variable)}")
        time.sleep(0.1)


def _advice(variable: str) -> str:
    other = {"WEB_PORT": 8100, "RECEIVER_PORT": 8101}.get(variable, 8100)
    return f"End that program, or choose another port: {variable}={other} {PROGRAM} run"


def _listen(port: int) -> OSError | None:
    with socket.socket() as probe:
        # Like the servers: do not wait for connections that were closed recently.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            return error
    return None


def answers(port: int) -> bool:
    """Whether our web server answers 200 at /healthz."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
