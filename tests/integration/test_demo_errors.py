"""What the demo says when it cannot play."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from callhooks_site.devtools.demo.__main__ import main
from tests.support.demo import TRACKERS, demo_stage
from tests.support.demo_receiver import PROJECT, write_keys


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLHOOKS_VAR", str(tmp_path))
    return tmp_path


@pytest.fixture
def stage(folder):
    with demo_stage(folder) as stage:
        yield stage


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_without_dev_run_ever_it_says_to_start_it(folder, capsys):
    assert main(["--fast"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{folder / 'demo.json'} is missing. Start `./dev run`")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"api_url": "x", "api_key": "y", "tracking_numbers": []}'])
def test_a_demo_json_of_no_use_is_said(folder, capsys, text):
    (folder / "demo.json").write_text(text)
    assert main(["--fast"]) == 1
    assert "lacks what the demo needs" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--fast"], ["--rate", "5"]])
def test_when_nobody_listens_it_says_to_start_dev_run(folder, capsys, arguments):
    url = f"http://127.0.0.1:{free_port()}/api/v1"
    write_keys(folder, api_url=url, api_key="x", tracking_numbers=TRACKERS)
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"Nothing answers at {url}. Start `./dev run`")


def test_a_refused_key_is_said(stage, capsys):
    found = json.loads((stage.folder / "demo.json").read_text())
    (stage.folder / "demo.json").write_text(json.dumps(found | {"api_key": "another"}))
    assert main(["--fast"]) == 1
    assert "the API key is refused (Invalid API key.)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            400,
            '{"ended_at": ["Ends before it starts."]}',
            "refused with 400: ended_at: Ends before it starts.",
        ),
        (400, '{"a": {"b": ["x", "y"]}, "non_field_errors": ["z"]}', "refused with 400: a: b: x y; z"),
        (404, "", "refused with 404: Not Found"),
        (500, "<html>Server Error</html>", "answered 500. The terminal of `./dev run` says more."),
        (201, "{}", "answered 201 without a resource_id"),
        (302, "", "answered 302"),
    ],
)
def test_an_answer_that_is_no_success_is_shown(stage, capsys, status, body, words):
    stage.api.answer = (status, body)
    assert main(["--fast"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("POST http://127.0.0.1:")
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [["--rate", "x"], ["--rate", "0"], ["--rate", "nan"], ["--wait", "-1"], ["--seconds", "5"],
     ["--rate", "5", "--check"]],
)  # fmt: skip
def test_nonsense_on_the_command_line_is_refused(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_ctrl_c_ends_the_day_quietly(stage):
    process = subprocess.Popen(
        [sys.executable, "-m", "callhooks_site.devtools.demo"],
        cwd=PROJECT,
        env={**os.environ, "CALLHOOKS_VAR": str(stage.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "the phone rings" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out.splitlines()[-1], err) == (130, "Stopped.", "")
