"""The receiver's side of several events in one request, as docs/verify gives it: ids, bodies and hashes of each."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import sys
import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from docs.verify.batches import read_events
from subscriptions.delivery import batching
from subscriptions.delivery.signing import delivery_headers
from tests.support.demo_receiver import PROJECT, SECRET, SIGNING_KEY

BODIES = [
    '{"content":"Grüße 👋\\n</script>\\u0001","value":0.1,"big":12345678901234567890,"none":null,"e":1e-07}'.encode(),
    b'{"form_data":{"b":"2","a":"1"},"list":[],"id":17}',
]


def parts(bodies):
    return [
        SimpleNamespace(event_id=uuid4(), event_type="form_submission", sequence=number, attempt=1, body=body)
        for number, body in enumerate(bodies, 1)
    ]


def request(bodies, kind=batching.JSON, *, lines=False, content_type=None):
    sent = parts(bodies)
    body = batching.write_body(sent, kind, lines=lines)
    headers = delivery_headers(
        body, user_agent="test", webhook_id=batching.webhook_id(uuid4()), event_type="x", sequence=1, attempt=1,
        timestamp=int(time.time()), signing_key=SIGNING_KEY, secrets=[SECRET],
    )  # fmt: skip
    return sent, body, batching.own_headers(headers, kind, lines=lines, events=len(sent))


@pytest.mark.parametrize("lines", [False, True])
def test_each_event_has_its_id_and_the_hash_of_its_own_body(lines):
    sent, body, headers = request(BODIES, lines=lines)
    found = read_events(body, headers)
    assert [event.id for event in found] == [f"evt_{part.event_id.hex}" for part in sent]
    assert [event.sha256 for event in found] == [hashlib.sha256(one).hexdigest() for one in BODIES]
    assert [event.data for event in found] == [json.loads(one) for one in BODIES]


def test_cloudevents_are_bodies_of_their_own():
    envelope = (
        b'{"specversion":"1.0","id":"evt_1","type":"callhooks.post_call","sequence":"2","data":{"note":"\xc3\xa9"}}'
    )
    _, body, headers = request([envelope], batching.CLOUDEVENTS)
    assert headers["Content-Type"] == "application/cloudevents-batch+json"
    (event,) = read_events(body, headers)
    assert (event.id, event.type, event.sequence, event.data) == ("evt_1", "post_call", 2, {"note": "é"})
    assert event.sha256 == hashlib.sha256(envelope).hexdigest()


def test_one_event_alone_is_read_too():
    headers = {"webhook-id": "evt_1", "Callhooks-Event": "pre_call", "Callhooks-Sequence": "1"}
    (event,) = read_events(BODIES[0], headers)
    assert (event.id, event.type, event.sha256) == ("evt_1", "pre_call", hashlib.sha256(BODIES[0]).hexdigest())


def test_the_receiver_in_the_docs_drops_repeats_and_forgeries(monkeypatch):
    page = (PROJECT / "docs/verify/README.md").read_text()
    (code,) = re.findall(r"```python\n(from batches import.*?)```", page, re.S)
    for name in ("batches", "verify"):
        monkeypatch.setitem(sys.modules, name, importlib.import_module(f"docs.verify.{name}"))
    handled, arrived = [], SimpleNamespace()
    scope: dict[str, Any] = {
        "app": SimpleNamespace(post=lambda path: lambda view: view), "request": arrived, "SIGNING_KEY": SIGNING_KEY,
        "SECRET": SECRET, "handle": lambda kind, data: handled.append(data),
    }  # fmt: skip
    exec(code, scope)
    _, body, headers = request(BODIES)
    arrived.headers = headers
    for sent, status in ((body, 204), (body, 204), (body.replace(b"17", b"18"), 400)):
        arrived.get_data = lambda sent=sent: sent
        assert scope["hooks"]()[1] == status
    assert handled == [json.loads(one) for one in BODIES]
