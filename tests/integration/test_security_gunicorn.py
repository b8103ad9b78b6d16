"""gunicorn as it is installed believes no request about where it is: a real one, asked from 127.0.0.1."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "gunicorn.conf.py"
APP = """
import json
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: value for name, value in environ.items() if isinstance(value, str)}).encode()]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "echo_app.py").write_text(APP)
    number = free_port()
    command = [sys.executable, "-m", "gunicorn", "echo_app:application", "--config", os.fspath(CONFIG)]
    command += ["--bind", f"127.0.0.1:{number}", "--workers", "1", "--pythonpath", os.fspath(folder)]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(number))
        yield number
    finally:
        process.terminate()
        process.wait(120)


def answers(number: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", number), 1).close()
    except OSError:
        return False
    return True


def ask(port: int, *lines: str) -> tuple[int, dict[str, str]]:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        head = "\r\n".join(["GET /admin/ HTTP/1.1", "Host: hooks.example.com", "Connection: close", *lines, "", ""])
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.decode().partition("\r\n\r\n")
    status = int(head.split()[1])
    return status, json.loads(body[body.index("{") : body.rindex("}") + 1]) if status == 200 else {}


FORGED = [
    "SCRIPT_NAME: /admin", "Script_Name: /admin", "PATH_INFO: /other", "X_Forwarded_For: 10.0.0.1",
    "REMOTE_ADDR: 10.0.0.1", "REMOTE_USER: root", "WSGI.URL_SCHEME: https", "X_Forwarded_Proto: https",
]  # fmt: skip


@pytest.mark.parametrize("line", FORGED)
def test_a_header_with_an_underscore_is_not_there(port, line):
    status, environ = ask(port, line)
    if status == 200:
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/admin/")
        assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("127.0.0.1", "http")
        assert line.split(": ")[1] not in [value for name, value in environ.items() if name.startswith("HTTP_")]
    else:
        assert status == 400


def test_scheme_and_address_are_for_django_to_judge(port):
    status, environ = ask(port, "X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Ssl: on")
    assert (status, environ["wsgi.url_scheme"], environ["REMOTE_ADDR"]) == (200, "http", "127.0.0.1")
    assert environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.7"


def test_every_start_uses_the_configuration():
    """By its name, or because it is started in this folder, where gunicorn looks for it."""
    unit = (ROOT / "deploy" / "systemd" / "callhooks-web.service").read_text()
    assert "--config /opt/callhooks/app/gunicorn.conf.py" in unit
    assert "gunicorn.conf.py" in (ROOT / "callhooks_site" / "devtools" / "run.py").read_text()
    for path in [ROOT / "dev", ROOT / "deploy", ROOT / "callhooks_site"]:
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and file.suffix in (".py", ".service", "", ".sh", ".yml", ".yaml"):
                told = re.findall(r"forwarded.allow.ips|forwarder.headers", file.read_text(errors="replace"))
                assert told == [], file
