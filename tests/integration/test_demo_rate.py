"""`./dev demo --rate N` and `--check`: every accepted event arrived, or it is named."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from callhooks_site.devtools.demo.__main__ import main
from tests.support.demo import demo_stage
from tests.support.demo_receiver import PROJECT
from tests.support.waiting import wait_until


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLHOOKS_VAR", str(tmp_path))
    with demo_stage(tmp_path) as stage:
        yield stage


def sent(stage) -> list[dict]:
    return [json.loads(line) for line in (stage.folder / "demo-sent.jsonl").read_text().splitlines()]


def test_it_keeps_the_rate_and_says_the_totals(stage, capsys):
    assert main(["--rate", "40", "--seconds", "1"]) == 0
    requests, errors, expected = map(
        int,
        re.search(r"(\d+) requests, (\d+) errors, (\d+) events expected", capsys.readouterr().out).groups(),
    )
    assert (requests, errors) == (len(stage.api.requests), 0)
    assert expected == sum(len(events) for events in stage.api.fired.values())
    # 40 of the one second, up to as many that were due at its start, and the ends of the stories under way.
    assert 20 <= expected <= 40 + 8 * 6


def test_what_was_accepted_is_written_down_with_its_events(stage):
    main(["--rate", "60", "--seconds", "0.5"])
    written: dict[str, list[str]] = {}
    for entry in sent(stage):
        written.setdefault(entry["resource_id"], []).extend(entry["events"])
    assert written == stage.api.fired


def test_no_story_is_left_unfinished(stage):
    """An answered call without its recording would fire 20 minutes later."""
    main(["--rate", "30", "--seconds", "0.4"])
    calls = [found for name, found in stage.api.objects.items() if name.startswith("CAL")]
    assert stage.api.objects
    assert all(call.get("ended_at") for call in calls)
    assert all("post_call" in stage.api.fired[name] for name in stage.api.objects if name.startswith("CAL"))


def test_check_is_content_when_all_arrived(stage, capsys):
    main(["--rate", "60", "--seconds", "0.5"])
    main(["--rate", "60", "--seconds", "0.2"])  # both runs count
    expected = sum(len(entry["events"]) for entry in sent(stage))
    capsys.readouterr()
    assert main(["--check"]) == 0
    assert f"{expected} events expected, 0 missing, 0 too many." in capsys.readouterr().out


@pytest.mark.parametrize("fault", ["lost", "spoiled"])
def test_check_names_what_is_missing(stage, capsys, fault):
    main(["--rate", "60", "--seconds", "0.5"])
    setattr(stage.api, fault, {"text_message_sent", "pre_call", "form_submission", "post_call"})
    main(["--rate", "60", "--seconds", "0.5"])
    capsys.readouterr()
    assert main(["--check"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^  missing: \w+ of (CAL|SCI|FRM)[0-9a-f]{32}$", out, re.MULTILINE)
    assert "--check --wait 60" in out


def test_check_names_what_came_as_two_events(stage, capsys):
    stage.api.doubled = {"post_call", "form_submission", "text_message_sent"}
    main(["--rate", "60", "--seconds", "0.5"])
    assert main(["--check"]) == 1
    assert re.search(r"^  too many: \w+ of ", capsys.readouterr().out, re.MULTILINE)


def test_what_got_no_clear_answer_is_not_too_many(stage, capsys):
    stage.api.unanswered = {"call_routing_complete", "post_call", "text_message_sent"}
    assert main(["--rate", "60", "--seconds", "0.5"]) == 1
    fired = sum(len(events) for events in stage.api.fired.values())
    assert fired > sum(len(entry["events"]) for entry in sent(stage))
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_a_second_attempt_is_not_too_many(stage, capsys):
    main(["--rate", "60", "--seconds", "0.3"])
    record = stage.folder / "receiver.jsonl"
    record.write_bytes(record.read_bytes() * 2)
    assert main(["--check"]) == 0


def test_check_waits_for_the_last_ones(stage):
    main(["--rate", "60", "--seconds", "0.3"])
    record = stage.folder / "receiver.jsonl"
    whole = record.read_bytes()
    record.write_bytes(whole[:-40])  # the last line is being written
    checking = subprocess.Popen(
        [sys.executable, "-m", "callhooks_site.devtools.demo", "--check", "--wait", "20"],
        cwd=PROJECT,
        env={**os.environ, "CALLHOOKS_VAR": str(stage.folder)},
        stdout=subprocess.DEVNULL,
    )
    time.sleep(0.5)
    assert checking.poll() is None
    record.write_bytes(whole)
    assert checking.wait(timeout=120) == 0


@pytest.mark.parametrize("missing", ["demo-sent.jsonl", "receiver.jsonl"])
def test_check_without_its_files_says_so(stage, capsys, missing):
    main(["--rate", "60", "--seconds", "0.1"])
    (stage.folder / missing).unlink()
    assert main(["--check"]) == 1
    assert f"{missing} is missing" in capsys.readouterr().out


def test_errors_are_counted_and_the_rest_goes_on(stage, capsys):
    stage.api.answer = (400, '{"detail": "No."}')
    assert main(["--rate", "20", "--seconds", "0.3"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^  \d+ × POST http\S+/(calls|texts|forms)/: refused with 400: No\.$", out, re.MULTILINE)
    assert not (stage.folder / "demo-sent.jsonl").exists()


def test_ctrl_c_finishes_what_is_under_way(stage):
    process = subprocess.Popen(
        [sys.executable, "-m", "callhooks_site.devtools.demo", "--rate", "20"],
        cwd=PROJECT,
        env={**os.environ, "CALLHOOKS_VAR": str(stage.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(stage.api.requests) >= 10)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "0 errors" in out
    assert all("post_call" in stage.api.fired[name] for name in stage.api.objects if name.startswith("CAL"))
    assert main(["--check"]) == 0


def test_an_outage_of_the_service_is_survived(stage, capsys):
    """The service goes away in the middle: errors, then an honest check of what had been accepted."""
    process = subprocess.Popen(
        [sys.executable, "-m", "callhooks_site.devtools.demo", "--rate", "40", "--seconds", "2"],
        cwd=PROJECT,
        env={**os.environ, "CALLHOOKS_VAR": str(stage.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(stage.api.requests) >= 10)
    stage.api.answer = (503, "")
    wait_until(lambda: stage.api.refused > 0)
    stage.api.answer = None
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (1, "")
    assert re.search(r"^  \d+ × no clear answer$", out, re.MULTILINE)
    assert main(["--check"]) == 0, capsys.readouterr().out
