"""The log's exactness: a curl command that a shell takes as it was meant, what was signed, advice, and safe cells."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import pytest

from subscriptions.admin import advice, attempt_request
from subscriptions.admin.kit import export
from subscriptions.delivery.http import failures
from subscriptions.delivery.masking import MASK
from subscriptions.delivery.signing import delivery_headers
from tests.support.waiting import PATIENCE

# A shell function in curl's place tells what curl would be given: its arguments, then its input.
FAKE = "curl() { printf '%s\\0' \"$@\"; case \" $* \" in *' @- '*) cat ;; esac; }\n"
URL = "https://hooks.example.com/a/../b?x=[1]&y='$(id)'"


def given(command: str) -> list[bytes]:
    ran = subprocess.run(["sh", "-c", FAKE + command], capture_output=True, check=True, timeout=PATIENCE)
    assert ran.stderr == b""
    return ran.stdout.split(b"\0")


def after(arguments: list[bytes], name: bytes) -> list[str]:
    return [value.decode() for flag, value in itertools.pairwise(arguments) if flag == name]


@pytest.mark.parametrize(
    "body",
    [
        b'{"note":"it\'s 5 o\'clock"}',
        '{"note":"`rm -rf ~` $HOME $(id) \\" \\\\ \\n ! % 👋"}'.encode(),
        b'{"a":"\ttwo\nlines\r\n"}\n',
        b"{}",
    ],
)
def test_a_shell_hands_curl_exactly_what_was_sent(body):
    headers = [["Content-Type", "application/json"], ["X-Odd", "a 'b' \"c\" $d `e`"], ["X-Empty", ""], ["X-Key", MASK]]
    arguments = given(attempt_request.curl(URL, headers, body))
    assert after(arguments, b"--data-raw") == [body.decode()]
    assert after(arguments, b"--url") == [URL]
    wanted = ["Content-Type: application/json", "X-Odd: a 'b' \"c\" $d `e`", "X-Empty;", f"X-Key: {MASK}"]
    assert after(arguments, b"--header") == wanted
    assert {b"--globoff", b"--path-as-is"} <= set(arguments)
    assert attempt_request.is_masked(headers)


def test_a_body_too_long_for_an_argument_goes_through_a_pipe():
    body = b'{"note":"' + b"it's long " * 30_000 + b'"}'
    command = attempt_request.curl(URL, [], body)
    # The script itself comes as a file here: as an argument of sh it would be too long.
    ran = subprocess.run(["sh"], input=(FAKE + command).encode(), capture_output=True, check=True, timeout=PATIENCE)
    assert ran.stdout.endswith(body)


def test_what_cannot_stand_in_a_shell_has_no_command():
    assert attempt_request.curl(URL, [], b"\xff") == attempt_request.curl(URL, [], b"\x00") == ""


def test_what_was_signed_is_what_the_sender_signed():
    import base64
    import hashlib
    import hmac

    secret, body = "whsec_" + base64.b64encode(b"k" * 24).decode(), b'{"a":1}'
    sent = delivery_headers(
        body, user_agent="x", webhook_id="evt_1", event_type="post_call", sequence=1, attempt=1,
        timestamp=1_700_000_000, signing_key="0" * 32, secrets=[secret],
    )  # fmt: skip
    signed = attempt_request.signed_prefix(list(sent.items())).encode() + body
    digest = base64.b64encode(hmac.digest(b"k" * 24, signed, hashlib.sha256)).decode()
    assert sent["webhook-signature"] == f"v1,{digest}"
    assert attempt_request.signed_prefix([["webhook-id", "evt_1"]]) == ""


def test_every_code_of_a_failure_has_advice():
    folder = Path(failures.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    codes = set(re.findall(r'(?:SendFailed|from_code)\(\s*"([a-z_]+)"', text))
    assert len(codes) > 8, codes
    assert {code for code in codes if not advice.find_advice(None, code)} == set()
    for status in (301, 400, 401, 403, 404, 405, 410, 413, 415, 418, 429, 500, 503):
        assert advice.find_advice(status, "")
    assert advice.find_advice(200, "") == advice.find_advice(None, "") == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_a_cell_is_never_a_formula(text):
    cell = export.escape_cell(text)
    assert cell.replace("'", "") == text
    assert cell.lstrip()[0] == "'"


def test_harmless_cells_stay_as_they_are():
    assert [export.escape_cell(value) for value in ("CRM", "a=b", 404, None, "")] == ["CRM", "a=b", "404", "", ""]
