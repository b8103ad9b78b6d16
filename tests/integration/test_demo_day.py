"""`./dev demo`: an ordinary day through the API, against a stand-in that fires by the contract's rules."""

import json
import re
from datetime import UTC, datetime

import phonenumbers
import pytest

from callhooks_site.devtools.demo import events
from callhooks_site.devtools.demo.__main__ import main
from tests.support.demo import TRACKERS, demo_stage
from tests.support.demo_receiver import signed


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLHOOKS_VAR", str(tmp_path))
    with demo_stage(tmp_path) as stage:
        yield stage


def play(*more: str) -> int:
    return main(["--fast", *more])


def table_of(out: str) -> dict[str, tuple[int, int]]:
    rows = re.findall(r"^(\w+) +(\d+) +(\d+)", out, re.MULTILINE)
    return {event: (int(expected), int(arrived)) for event, expected, arrived in rows}


def test_all_seven_events_arrive(stage, capsys):
    assert play() == 0
    out = capsys.readouterr().out
    table = table_of(out)
    assert list(table) == list(events.ALL)
    assert len(table) == 7
    assert all(expected == arrived > 0 for expected, arrived in table.values()), table
    assert "All seven events arrived with valid signatures" in out


def test_what_it_expects_is_what_the_rules_fire(stage, capsys):
    play()
    fired = [event for each in stage.api.fired.values() for event in each]
    expected = {event: pair[0] for event, pair in table_of(capsys.readouterr().out).items()}
    assert expected == {event: fired.count(event) for event in events.ALL}


def test_the_day_has_all_kinds_of_things_in_it(stage):
    play()
    calls = [found for name, found in stage.api.objects.items() if name.startswith("CAL")]
    assert {(call["direction"], bool(call.get("answered_at"))) for call in calls} == {
        ("inbound", True),
        ("inbound", False),
        ("outbound", True),
    }
    assert any(call.get("voicemail") for call in calls)
    assert any(call.get("abandoned") for call in calls)
    assert all("recording_duration" in call for call in calls if "recording_url" in call)
    texts = [found for name, found in stage.api.objects.items() if name.startswith("SCI")]
    assert {text["direction"] for text in texts} == {"inbound", "outbound"}
    assert any(text.get("media_urls") for text in texts)
    assert any(ord(char) > 0xFFFF for text in texts for char in text["content"])
    forms = [found["form_data"] for name, found in stage.api.objects.items() if name.startswith("FRM")]
    assert len(forms) == 2
    assert forms[0]["email"] == forms[1]["email"]


def test_numbers_are_invented_valid_and_new_each_time(stage):
    play()
    first = {fields["customer_phone_number"] for _, kind, fields in stage.api.requests if kind != "forms"
             and "customer_phone_number" in fields}  # fmt: skip
    stage.api.requests.clear()
    play()
    second = {fields["customer_phone_number"] for _, kind, fields in stage.api.requests if kind != "forms"
              and "customer_phone_number" in fields}  # fmt: skip
    assert len(first) == len(second) == 6
    assert first != second
    for number in first | second:
        assert re.fullmatch(r"\+1\d{3}55501\d\d", number)
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))


def test_times_carry_an_offset_and_lie_in_order_and_not_in_the_future(stage):
    play()
    for found in stage.api.objects.values():
        names = ("start_time", "routed_at", "answered_at", "ended_at", "sent_at", "submitted_at")
        times = [datetime.fromisoformat(found[name]) for name in names if name in found]
        assert times
        assert all(time.tzinfo for time in times)
        assert times == sorted(times)
        assert times[-1] <= datetime.now(tz=UTC)


def test_it_calls_the_company_s_numbers(stage):
    play()
    used = {fields["tracking_phone_number"] for _, _, fields in stage.api.requests
            if "tracking_phone_number" in fields}  # fmt: skip
    assert used == {tracker["phone_number"] for tracker in TRACKERS}


def test_every_request_is_told_in_words(stage, capsys):
    play()
    told = re.findall(r"^\d\d:\d\d:\d\d  \w.*|^\d\d:\d\d:\d\d  ….*", capsys.readouterr().out, re.MULTILINE)
    assert len(told) == len(stage.api.requests)


def test_a_lost_event_is_said_with_where_to_look(stage, capsys):
    stage.api.lost = {"call_routing_complete"}
    assert play("--wait", "0.3") == 1
    out = capsys.readouterr().out
    assert table_of(out)["call_routing_complete"] == (3, 0)
    assert re.search(r"^missing: call_routing_complete of CAL[0-9a-f]{32}$", out, re.MULTILINE)
    assert "Where to look" in out
    assert str(stage.folder / "receiver.jsonl") in out


def test_a_bad_signature_does_not_count(stage, capsys):
    stage.api.spoiled = {"form_submission"}
    assert play("--wait", "0.3") == 1
    assert re.search(r"form_submission +2 +0 +2 with a bad signature", capsys.readouterr().out)


def test_what_arrived_before_does_not_count(stage, capsys):
    """The same resource ids again, from a service that was set up anew, must not pass for this run's."""
    play()
    lines = (stage.folder / "receiver.jsonl").read_bytes()
    stage.api.objects.clear()
    stage.api.fired.clear()
    stage.api._by_key.clear()
    stage.api._numbers = iter(range(1, 10_000))
    stage.api.lost = {"pre_call"}
    assert play("--wait", "0.3") == 1
    assert (stage.folder / "receiver.jsonl").read_bytes().startswith(lines)
    assert table_of(capsys.readouterr().out.rpartition("An ordinary day")[2])["pre_call"] == (4, 0)


def test_webhooks_of_others_do_not_disturb(stage):
    stage.receiver.post(b"not json", signed(b"not json"))
    stage.receiver.post(b"{}", {})
    assert play() == 0


def test_each_payload_version_is_waited_for(tmp_path, monkeypatch, capsys):
    """The stand-in sends to a path without a version, so none of them arrives."""
    monkeypatch.setenv("CALLHOOKS_VAR", str(tmp_path))
    with demo_stage(tmp_path) as stage:
        found = json.loads((stage.folder / "demo.json").read_text())
        (stage.folder / "demo.json").write_text(json.dumps(found | {"payload_versions": ["article", "2026-05"]}))
        assert play("--wait", "0.3") == 1
    out = capsys.readouterr().out
    for version in ("article", "2026-05"):
        assert re.search(rf"^missing in version {version}: pre_call of CAL[0-9a-f]{{32}}$", out, re.MULTILINE)
