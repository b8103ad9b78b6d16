"""Keys, signed webhooks and running receivers for the tests of devtools and of the verify snippets."""

import base64
import hashlib
import hmac
import http.client
import io
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from callhooks_site.devtools.receiver.server import Receiver
from callhooks_site.devtools.receiver.webhooks import WebhookHandler
from tests.support.waiting import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]
SIGNING_KEY = "072e77e426f92738a72fe23c4d1953b4"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(100, 124))).decode()
VECTOR_BODY = PROJECT / "tests/data/signature-vector-body.json"
VECTOR_SIGNATURE = "UZAHbUdfm3GqL7qzilGozGzWV64="


def sha1_signature(body: bytes, key: str = SIGNING_KEY) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha1).digest()).decode()


def signed(body: bytes, *, event="post_call", webhook_id="evt_1", at=None, attempt=1, secrets=(SECRET,)) -> dict:
    """The headers of a good delivery; `webhook-signature` is made by the standardwebhooks package."""
    at = int(time.time()) if at is None else at
    moment = datetime.fromtimestamp(at, tz=UTC)
    signatures = [Webhook(secret).sign(webhook_id, moment, body.decode()) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "Signature": sha1_signature(body),
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signatures),
        "Callhooks-Event": event,
        "Callhooks-Attempt": str(attempt),
    }


def write_keys(folder: Path, *, signing_key=SIGNING_KEY, secret=SECRET, **more) -> None:
    """As `./dev run` leaves them: the file appears whole."""
    text = json.dumps({"signing_key": signing_key, "subscription_secret": secret, **more})
    unfinished = folder / "demo.json.new"
    unfinished.write_text(text, "utf-8")
    unfinished.replace(folder / "demo.json")


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "receiver.jsonl").read_bytes().splitlines()]


class Terminal(io.StringIO):
    """Something to write on that says whether it is a terminal."""

    def __init__(self, *, tty=False):
        super().__init__()
        self._tty = tty

    def isatty(self):
        return self._tty

    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


class RunningReceiver:
    def __init__(self, port: int, folder: Path, terminal: Terminal):
        self.port, self.folder, self.terminal = port, folder, terminal

    def post(self, body: bytes, headers: dict, path="/hook") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@contextmanager
def running_receiver(folder: Path, *, tty=False) -> Iterator[RunningReceiver]:
    """The receiver on a real socket, in a thread of the test."""
    terminal = Terminal(tty=tty)
    server = Receiver(0, WebhookHandler(folder, terminal))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield RunningReceiver(server.server_port, folder, terminal)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def receiver_process(folder: Path, port="0") -> Iterator[tuple[subprocess.Popen, str]]:
    """The receiver as its own process, with the first line it said (empty when it ended without one)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "callhooks_site.devtools.receiver"],
        cwd=PROJECT,
        env={**os.environ, "CALLHOOKS_VAR": str(folder), "RECEIVER_PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert select.select([process.stdout], [], [], 15)[0], "the receiver said nothing for 15 seconds"
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()
