"""The supervisor of `./dev run`, with small real processes in the place of the service's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callhooks_site.devtools.pid_files import command_of
from callhooks_site.supervision.child import ProcessSpec
from callhooks_site.supervision.signals import StopSignals
from callhooks_site.supervision.supervisor import Supervisor
from tests.support.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]

# Half a minute, so that a test that fails leaves nothing behind for ever; in steps, for traps wait for their end.
LINGER = "n=0; while [ $((n += 1)) -lt 600 ]; do sleep 0.05; done"
# A main process with a worker in its group, like the cluster and gunicorn. Both note a SIGTERM that they get.
# The worker's file is there only when the main process listens, too.
WITH_WORKER = f"""
trap 'echo main >>terms; exit 0' TERM
sh -c 'trap "echo worker >>terms" TERM; echo $$ >w; mv w worker; {LINGER}' &
{LINGER}
"""
STUBBORN = f"trap '' TERM; echo ready; {LINGER}"

# A supervisor in a process of its own, for what is done to the supervisor itself.
SUPERVISE = """
import sys
from pathlib import Path
from callhooks_site.supervision.child import ProcessSpec
from callhooks_site.supervision.supervisor import Supervisor
from callhooks_site.supervision.signals import StopSignals
folder = Path(sys.argv[1])
command, grace = ["sh", "-c", sys.argv[2]], float(sys.argv[3])
spec = ProcessSpec("stand-in", command, cwd=folder, log=folder / "log", grace=grace)
with StopSignals() as signals:
    Supervisor([spec], signals=signals, say=lambda text: print(text, flush=True)).run()
"""


@pytest.fixture
def signals():
    with StopSignals() as entered:
        yield entered


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervise(signals, said, tmp_path):
    """Makes a supervisor of one stand-in, and ends it after the test."""
    made = []

    def supervise(script, **options):
        spec = ProcessSpec("stand-in", ["sh", "-c", script], cwd=tmp_path, log=tmp_path / "log", **options)
        made.append(Supervisor([spec], signals=signals, say=said.append))
        made[0].step()
        return made[0]

    yield supervise
    for supervisor in made:
        supervisor.stop()


def pid_of(file):
    return wait_until(lambda: file.exists() and int(file.read_text()))


def runs(pid):
    return command_of(pid) != ""


def test_a_killed_process_is_started_again_without_its_old_workers(supervise, tmp_path, said):
    supervisor = supervise(WITH_WORKER)
    first, first_worker = supervisor.pids()["stand-in"], pid_of(tmp_path / "worker")

    os.kill(first, signal.SIGKILL)
    second = wait_until(lambda: supervisor.pids().get("stand-in") not in (None, first), meanwhile=supervisor.step)

    assert second
    assert not runs(first_worker)
    assert said[0].startswith("stand-in was killed by signal 9")
    assert "restarting in 0.5 s" in said[0]


def test_what_ends_again_and_again_is_started_less_and_less_often(supervise, said):
    supervisor = supervise("echo out of paper; exit 3")

    wait_until(lambda: len(said) == 3, meanwhile=supervisor.step)

    assert [text.split("restarting in ")[1].split(" s")[0] for text in said] == ["0.5", "1", "2"]
    assert "ended with exit code 3" in said[0]
    assert "    out of paper" in said[0]
    assert "out of paper" not in said[1]


def test_a_program_that_is_not_there_is_said(signals, said):
    supervisor = Supervisor([ProcessSpec("web", ["/nowhere/web"])], signals=signals, say=said.append)

    supervisor.step()

    assert "web cannot be started" in said[0]
    assert "/nowhere/web" in said[0]


def test_to_stop_the_main_process_alone_is_asked(supervise, tmp_path):
    supervisor = supervise(WITH_WORKER)
    worker = pid_of(tmp_path / "worker")

    supervisor.stop()

    assert (tmp_path / "terms").read_text().split() == ["main"]
    assert not runs(worker)
    assert supervisor.pids() == {}


def test_what_does_not_stop_is_killed_after_its_grace(supervise, tmp_path):
    supervisor = supervise(STUBBORN, grace=0.3)
    pid = supervisor.pids()["stand-in"]
    wait_until(lambda: "ready" in (tmp_path / "log").read_text())

    started = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - started >= 0.3
    assert not runs(pid)


def test_what_runs_but_does_no_work_is_started_again(supervise, said):
    answers = [True, False, True, False, False]
    supervisor = supervise(
        "sleep 60",
        healthy=lambda: answers.pop(0) if answers else True,
        health_delay=0.0,
        health_interval=0.02,
        health_failures=2,
    )
    first = supervisor.pids()["stand-in"]

    wait_until(lambda: supervisor.pids().get("stand-in") not in (None, first), meanwhile=supervisor.step)

    assert answers == []
    assert said[0] == "stand-in runs but does no work; restarting it."


def test_a_process_cannot_be_reached_by_the_terminals_ctrl_c(supervise):
    supervisor = supervise("sleep 60")
    pid = supervisor.pids()["stand-in"]

    assert os.getpgid(pid) == os.getsid(pid) == pid


class TestInAProcessOfItsOwn:
    @pytest.fixture
    def start(self, tmp_path):
        started = []

        def start(script, grace=5.0):
            command = [sys.executable, "-c", SUPERVISE, os.fspath(tmp_path), script, str(grace)]
            process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_everything_and_is_no_error(self, start, tmp_path, number):
        process = start(WITH_WORKER)
        worker = pid_of(tmp_path / "worker")

        process.send_signal(number)

        assert process.wait(timeout=120) == 0
        assert not runs(worker)
        assert (tmp_path / "terms").read_text().split() == ["main"]

    def test_a_second_ctrl_c_ends_the_patience(self, start, tmp_path):
        process = start(f"echo $$ >main.new; mv main.new main; {STUBBORN}", grace=60)
        main = pid_of(tmp_path / "main")
        wait_until(lambda: "ready" in (tmp_path / "log").read_text())

        process.send_signal(signal.SIGINT)
        assert "Ctrl-C again" in process.stdout.readline()
        assert runs(main)
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=120) == 0
        assert not runs(main)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
    def test_a_killed_supervisor_takes_its_processes_along(self, start, tmp_path):
        process = start(f"echo $$ >main.new; mv main.new main; {WITH_WORKER}")
        main = pid_of(tmp_path / "main")
        worker = pid_of(tmp_path / "worker")

        process.kill()
        process.wait()

        wait_until(lambda: not runs(main))
        assert (tmp_path / "terms").read_text().split() == ["main"]
        os.kill(worker, signal.SIGKILL)  # the stand-in's own duty, which it does not know
