"""The receiver of a throughput bench, cheap and in a process of its own: nginx where it is installed."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import certificates
from tests.bench.helpers import helper
from tests.bench.receiver import hosts, listen
from tests.bench.workspace import wait_for

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 600s;
    keepalive_requests 100000000;
    server {{
{listen}
        location / {{ return 204; }}
        location = /count {{ stub_status; }}
    }}
}}
"""
TLS = """\
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_session_cache shared:all:1m;
"""


@dataclass(slots=True)
class CountingReceiver:
    """`kind` says what it is. `authority`: the file of the certificate authority that speaks for it."""

    kind: str
    port: int
    tls_port: int | None = None
    authority: Path | None = None
    _asked: int = field(default=0)

    def urls(self, count: int, *, https: bool = False) -> list[str]:
        """A URL on each of the first `count` hosts."""
        scheme, port = ("https", self.tls_port) if https else ("http", self.port)
        return [f"{scheme}://{host}:{port}/hooks" for host in hosts(count)]

    def posts(self) -> int:
        """How many came since it was started."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/count")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        if self.kind != "nginx":
            return int(text)
        self._asked += 1  # nginx counts our own questions, this one included
        numbers = re.search(r"\n\s*\d+\s+\d+\s+(\d+)", text)
        assert numbers is not None, text
        return int(numbers[1]) - self._asked


@contextmanager
def running_counting_receiver(folder: Path, *, count: int, https: bool = False) -> Iterator[CountingReceiver]:
    """A receiver on `count` hosts; with TLS only where nginx is installed. Raises RuntimeError."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/bin:/usr/local/bin")
    if nginx:
        with _nginx(nginx, folder, count, https) as receiver:
            yield receiver
    elif https:
        raise RuntimeError("Measuring https needs nginx as the receiver (Debian, Ubuntu: apt install nginx-light).")
    else:
        with _python(count) as receiver:
            yield receiver


@contextmanager
def _nginx(program: str, folder: Path, count: int, https: bool) -> Iterator[CountingReceiver]:
    port = _free_port(count)
    receiver = CountingReceiver("nginx", port)
    lines = [f"        listen {host}:{port};" for host in hosts(count)]
    extra = ""
    if https:
        receiver.tls_port = _free_port(count)
        receiver.authority, certificate, key = certificates.make(folder, hosts(count))
        lines += [f"        listen {host}:{receiver.tls_port} ssl;" for host in hosts(count)]
        extra = TLS.format(certificate=certificate, key=key)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, listen="\n".join(lines) + "\n" + extra))
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(config)]
    with _process(command, folder / "nginx.out") as process:
        wait_for(lambda: process.poll() is not None or _answers(receiver), seconds=10, what="nginx answers")
        if process.poll() is not None:
            raise RuntimeError(f"nginx does not start: {(folder / 'nginx.out').read_text()}")
        yield receiver


@contextmanager
def _python(count: int) -> Iterator[CountingReceiver]:
    with helper("receiver", str(count)) as process:
        yield CountingReceiver("python", int(process.answer()))


@contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _answers(receiver: CountingReceiver) -> bool:
    try:
        receiver.posts()
    except OSError:
        return False
    return True


def _free_port(count: int) -> int:
    sockets, port = listen(count)
    for one in sockets:
        one.close()
    return port
