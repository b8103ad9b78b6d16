"""The standby of an upgrade is the web service itself, at the socket of the web service."""

from __future__ import annotations

from pathlib import Path

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
OF_ITS_OWN = ("Description=", "Documentation=", "#", "Sockets=", "[Install]", "WantedBy=")


def read_rules(name: str) -> list[str]:
    lines = (UNITS / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(OF_ITS_OWN)]


def test_the_standby_runs_as_the_web_service_does():
    assert read_rules("callhooks-web-standby.service") == read_rules("callhooks-web.service")


def test_both_listen_where_the_web_service_listens_alone():
    assert "Sockets=callhooks-web.socket" in (UNITS / "callhooks-web-standby.service").read_text().splitlines()
    (address,) = (line for line in read_rules("callhooks-web.socket") if line.startswith("ListenStream="))
    assert f"--bind {address.partition('=')[2]}" in (UNITS / "callhooks-web.service").read_text()
