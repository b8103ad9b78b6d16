"""Everything that arrives stands in var/receiver.jsonl, exactly."""

import base64
import json
from datetime import datetime
from threading import Thread

import pytest

from tests.support.demo_receiver import OLD_SECRET, records, running_receiver, sha1_signature, signed, write_keys


@pytest.fixture
def receiver(tmp_path):
    write_keys(tmp_path)
    with running_receiver(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    "text", ['{"a":"ü 👩‍👩‍👧 \u2028\u2029\\n"}', "", "\ufeff{}", "not\r\njson\n\x00\x1b[2J", " {} "]
)
def test_the_body_is_exact(receiver, text):
    body = text.encode()
    receiver.post(body, signed(body))
    (record,) = records(receiver.folder)
    assert record["body"] == text
    assert "body_base64" not in record
    assert record["verdict"] == {"signature": True, "webhook_signature": True, "good": True, "reasons": []}


def test_bytes_that_are_no_utf8_are_kept_beside(receiver):
    body = b'{"a":"\xff\xfe"}'
    receiver.post(body, {"Signature": sha1_signature(body)})
    (record,) = records(receiver.folder)
    assert base64.b64decode(record["body_base64"]) == body
    assert record["body"] == '{"a":"��"}'


def test_time_path_and_headers_are_kept(receiver):
    before = datetime.now().astimezone()
    receiver.post(b"{}", signed(b"{}", event="pre_call", attempt=3) | {"X-Extra": "1"}, "/hook?token=a%20b")
    (record,) = records(receiver.folder)
    assert (datetime.fromisoformat(record["time"]) - before).total_seconds() < 5
    assert record["path"] == "/hook?token=a%20b"
    wanted = {"Callhooks-Event": "pre_call", "Callhooks-Attempt": "3", "X-Extra": "1", "Content-Length": "2"}
    assert wanted.items() <= record["headers"].items()


def test_a_bad_one_is_recorded_with_its_reasons(receiver):
    receiver.post(b"{}", signed(b"{}", secrets=(OLD_SECRET,)))
    (record,) = records(receiver.folder)
    assert record["verdict"] == {
        "signature": True,
        "webhook_signature": False,
        "good": False,
        "reasons": ["webhook-signature does not match"],
    }


def test_a_record_that_was_removed_starts_again(receiver):
    receiver.post(b"{}", signed(b"{}"))
    (receiver.folder / "receiver.jsonl").unlink()
    receiver.post(b"{}", signed(b"{}", webhook_id="evt_2"))
    assert [record["headers"]["webhook-id"] for record in records(receiver.folder)] == ["evt_2"]


def test_many_at_once_leave_whole_lines(receiver):
    body = json.dumps({"long": "x" * 20_000}).encode()

    def send(sender: int) -> None:
        for number in range(10):
            receiver.post(body, signed(body, webhook_id=f"evt_{sender}_{number}"))

    threads = [Thread(target=send, args=(sender,)) for sender in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = records(receiver.folder)
    assert len({record["headers"]["webhook-id"] for record in found}) == 80
    assert all(record["body"].encode() == body for record in found)
