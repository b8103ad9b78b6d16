"""`python -m callhooks_site.devtools.receiver`: starts, says where, ends promptly and quietly."""

import http.client
import re
import signal
import socket

import pytest

from tests.support.demo_receiver import receiver_process, records, signed, write_keys
from tests.support.waiting import PATIENCE


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_promptly_and_without_a_traceback(tmp_path, how):
    write_keys(tmp_path)
    with receiver_process(tmp_path) as (process, first):
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", first)[1])
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        kept.request("POST", "/", b"{}", signed(b"{}", event="pre_call"))
        assert kept.getresponse().read() == b"good\n"
        process.send_signal(how)  # while a connection is kept open
        out, err = process.communicate(timeout=PATIENCE)
        kept.close()
    assert (process.returncode, err) == (0, "")
    assert "pre_call" in out
    assert len(records(tmp_path)) == 1


def test_a_busy_port_is_a_plain_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with receiver_process(tmp_path, port) as (process, first):
            out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, first + out) == (1, "")
    assert err == (
        f"Port {port} on 127.0.0.1 is in use by another program. "
        "Stop that program, or choose another port with RECEIVER_PORT.\n"
    )


@pytest.mark.parametrize("port", ["abc", "70000", "-1", "8001.5"])
def test_a_port_that_is_none_is_a_plain_error(tmp_path, port):
    with receiver_process(tmp_path, port) as (process, _):
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err == f"RECEIVER_PORT is {port!r}, which is not a port. Use a number from 0 to 65535.\n"


def test_it_makes_the_folder(tmp_path):
    with receiver_process(tmp_path / "a" / "var") as (process, first):
        assert first.startswith("Receiver on http://127.0.0.1:")
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert (tmp_path / "a" / "var").is_dir()
