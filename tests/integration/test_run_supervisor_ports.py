"""`./dev run` looks at its ports before it starts anything."""

from __future__ import annotations

import socket

import pytest

from callhooks_site.devtools.ports import check_free, claim_ports, port_from
from callhooks_site.devtools.state import DevError


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_the_variable_that_moves_it(taken):
    with pytest.raises(DevError, match=rf"Port {taken} of 127\.0\.0\.1 is in use.*RECEIVER_PORT=8101 \./dev run"):
        check_free(taken, "RECEIVER_PORT", patience=0.1)


def test_a_port_that_is_given_up_meanwhile_is_free():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]

    check_free(port, "WEB_PORT", patience=0)


def test_a_connection_closed_lately_does_not_hold_the_port():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server_end, _ = listener.accept()
            server_end.close()  # first, so that TIME_WAIT is on the server's port

    check_free(port, "WEB_PORT", patience=0)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80 80", "²"])
def test_what_is_no_port_is_named(monkeypatch, text):
    monkeypatch.setenv("WEB_PORT", text)

    with pytest.raises(DevError, match=r"WEB_PORT is .* must be a port number"):
        port_from("WEB_PORT", 8000)


def test_the_two_ports_must_differ(monkeypatch):
    monkeypatch.setenv("WEB_PORT", "8001")
    monkeypatch.delenv("RECEIVER_PORT", raising=False)

    with pytest.raises(DevError, match="different ports"):
        claim_ports()
