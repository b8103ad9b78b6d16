"""A small service in place of ours, for the tests of the demo.

It takes the API's requests, fires by the contract's rules (written here anew, from the contract) and sends
signed webhooks to the receiver, before it answers.
"""

import http.client
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.demo_receiver import signed
from tests.support.waiting import PATIENCE

KEY = "demo-key"
PREFIXES = {"calls": "CAL", "texts": "SCI", "forms": "FRM"}
WATCHED = {"tags", "note", "value", "transcription_text", "recording_duration", "lead_status"}


class StandIn(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver_port: int):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/api/v1"
        self.receiver_port = receiver_port
        self.requests: list[tuple[str, str, dict]] = []
        self.lost: set[str] = set()  # events that are never sent
        self.spoiled: set[str] = set()  # events that are sent with a bad signature
        self.doubled: set[str] = set()  # events that are sent as two events
        self.unanswered: set[str] = set()  # events whose request is carried out but answered with 502
        self.answer: tuple[int, str] | None = None  # what every request is answered with instead
        self.refused = 0  # requests that got that
        self.objects: dict[str, dict] = {}
        self.fired: dict[str, list[str]] = {}
        self._by_key: dict[tuple, str] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def take(self, method: str, path: str, fields: dict) -> tuple[int, dict]:
        parts = path.removeprefix("/api/v1/").strip("/").split("/")
        kind = parts[0]
        with self._lock:
            self.requests.append((method, kind, fields))
            key = (fields.get("external_source"), fields.get("external_id"))
            known = parts[1] if method == "PATCH" else self._by_key.get(key, "") if key[1] else ""
            resource_id = known or f"{PREFIXES[kind]}{next(self._numbers):032x}"
            if key[1]:
                self._by_key[key] = resource_id
            before = self.objects.get(resource_id, {})
            after = self.objects[resource_id] = before | fields
            events = self._events(kind, resource_id, before, after)
            self.fired.setdefault(resource_id, []).extend(events)
        for event in events:
            self._deliver(event, resource_id)
        if self.unanswered & set(events):
            return 502, {}
        return (200 if known else 201), {"resource_id": resource_id}

    def _events(self, kind: str, resource_id: str, before: dict, after: dict) -> list[str]:
        if kind == "forms":
            return ["form_submission"]
        if kind == "texts":
            return ["text_message_sent" if after["direction"] == "outbound" else "text_message_received"]
        fired = self.fired.get(resource_id, [])
        running = after["direction"] == "inbound" and not after.get("ended_at")
        events = []
        if running and not before:
            events.append("pre_call")
        if running and after.get("routed_at") and "call_routing_complete" not in fired:
            events.append("call_routing_complete")
        if "post_call" in fired:
            if any(before.get(name) != after.get(name) for name in WATCHED):
                events.append("call_modified")
        elif after.get("ended_at"):
            expected = after.get("answered_at") or after.get("voicemail")
            if not expected or (after.get("recording_url") and after.get("transcription_text")):
                events.append("post_call")
        return events

    def _deliver(self, event: str, resource_id: str) -> None:
        if event in self.lost:
            return
        body = json.dumps({"resource_id": resource_id}).encode()
        for _ in range(2 if event in self.doubled else 1):
            headers = signed(body, event=event, webhook_id=f"evt_{next(self._numbers)}")
            if event in self.spoiled:
                headers["Signature"] = "AAAA"
            connection = http.client.HTTPConnection("127.0.0.1", self.receiver_port, timeout=PATIENCE)
            connection.request("POST", "/", body, headers)
            connection.getresponse().read()
            connection.close()


class Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # the answer in one packet: no 40 ms of delayed ACK for each

    def do_POST(self):
        fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {KEY}":
            status, answer = 401, json.dumps({"detail": "Invalid API key."})
        elif self.server.answer:
            status, answer = self.server.answer
            self.server.refused += 1
        else:
            status, found = self.server.take(self.command, self.path, fields)
            answer = json.dumps(found)
        self._answer(status, answer)

    do_PATCH = do_POST

    def do_GET(self):
        self._answer(404, "{}")

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Quiet."""


@contextmanager
def stand_in(receiver_port: int) -> Iterator[StandIn]:
    server = StandIn(receiver_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
