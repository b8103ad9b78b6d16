"""Two modules open connections, one looks names up, and no other module of the service uses what could."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("subscriptions", "calls", "messaging", "forms_intake", "callhooks_site")
# The stream of deliveries, and single requests beside it.
DOOR = {"subscriptions/delivery/http/handles.py", "subscriptions/delivery/http/session.py"}
# While traces are on, to the operator's collector only.
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
# What is needed to look a name up or to read a URL, and opens nothing.
HELPERS = {
    # A health check: asks this machine's web server, and nothing that a tenant chooses.
    "callhooks_site/check_web.py": {"http.client"},
    "subscriptions/tracing/exporter.py": {_EXPORTER, f"{_EXPORTER}.OTLPSpanExporter"},
    "subscriptions/delivery/http/lookups.py": {"socket.getaddrinfo"},
    "subscriptions/delivery/http/url_rules.py": {
        "urllib3.exceptions", "urllib3.exceptions.LocationParseError", "urllib3.util", "urllib3.util.parse_url",
    },
}  # fmt: skip
DEVELOPER_TOOLS = "callhooks_site/devtools/"  # they run beside the service and not in it

OPENERS = {
    "aiohttp", "ftplib", "http.client", "httpx", "imaplib", "nntplib", "opentelemetry.exporter", "poplib",
    "requests",
    "socketserver", "telnetlib", "urllib.request", "urllib3", "websockets", "xmlrpc",
}  # fmt: skip
# Modules that are good for other things too (socket pairs, constants): these of their names dial or resolve.
DIALLING = {
    "socket",
    "create_connection",
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_ex",
    "fromfd",
    "SocketType",
    "SMTP",
    "SMTP_SSL",
    "LMTP",
}
CURL = {"Curl", "async_multi", "AsyncCurlMulti"}  # a multi handle or a share does nothing without an easy one
ASYNC = {"open_connection", "create_connection", "open_unix_connection", "sock_connect"}


def openings(source: str) -> Iterator[str]:
    """What in a module could open a connection."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [f"{node.value.id}.{node.attr}"]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("__import__", "import_module"):
            names = [str(getattr(argument, "value", "")) for argument in node.args]
        else:
            continue
        for name in names:
            module, _, attribute = name.rpartition(".")
            if (
                any(name == opener or name.startswith(f"{opener}.") for opener in OPENERS)
                or (module in ("socket", "smtplib") and attribute in DIALLING)
                or (module == "pycurl" and attribute in CURL)
                or (module in ("asyncio", "loop") and attribute in ASYNC)
            ):
                yield name


def test_exactly_these_modules_open_connections() -> None:
    found = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(DEVELOPER_TOOLS) and (opened := set(openings(path.read_text()))):
                found[name] = opened
    assert {name: opened for name, opened in found.items() if name not in DOOR} == HELPERS
    assert found.keys() >= DOOR


@pytest.mark.parametrize(
    "source",
    [
        "import requests",
        "import requests.adapters as r",
        "from requests import post",
        "import http.client",
        "from http import client",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import urllib3",
        "import httpx",
        "import socket\nsocket.socket()",
        "import pycurl\npycurl.Curl()",
        "from pycurl import Curl",
        "import socket\nsocket.create_connection(('x', 1))",
        "from socket import create_connection",
        "import asyncio\nasyncio.open_connection('x', 1)",
        "def f():\n    from smtplib import SMTP",
        "__import__('requests')",
        "import importlib\nfrom importlib import import_module\nimport_module('urllib3')",
    ],
)
def test_the_scan_sees(source: str) -> None:
    assert list(openings(source))


def test_the_scan_lets_harmless_modules_pass() -> None:
    imports = "import socket, http\nfrom smtplib import SMTPException\nfrom urllib.parse import urlsplit\n"
    assert not list(
        openings(
            imports
            + "import pycurl\npycurl.CurlMulti()\nfrom . import requests\nsocket.socketpair()\nsocket.gethostname()\n"
        )
    )
