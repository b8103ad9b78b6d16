"""The functions of docs/verify, each run by its own language."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from tests.support.demo_receiver import (
    OLD_SECRET,
    PROJECT,
    SECRET,
    SIGNING_KEY,
    VECTOR_BODY,
    VECTOR_SIGNATURE,
    sha1_signature,
    signed,
)
from tests.support.waiting import PATIENCE
from tests.support.webhook_libraries import LIBRARIES, load_library

pytestmark = pytest.mark.sample(every=3)  # a process for each case

BODY = '{"content":"Grüße 👋\\n","empty":""}'
FOLDER = PROJECT / "docs/verify"
COMMANDS = {
    "python": [sys.executable, "verify.py"],
    "node": ["node", "verify.mjs"],
    "php": ["php", "verify.php"],
    "ruby": ["ruby", "verify.rb"],
}


@pytest.fixture(params=COMMANDS)
def command(request):
    program, file = COMMANDS[request.param]
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} on this machine")
    return [found, str(FOLDER / file)]


def run(command, body, headers, signing_key=SIGNING_KEY, secret=SECRET) -> subprocess.CompletedProcess:
    case = {"body": body, "headers": headers, "signing_key": signing_key, "secret": secret}
    env = {**os.environ, "LC_ALL": "C"}  # the machine's language must not change what is good
    return subprocess.run(command, input=json.dumps(case).encode(), capture_output=True, env=env, timeout=PATIENCE)


def verdict(*case, **more) -> str:
    result = run(*case, **more)
    word = result.stdout.decode().strip()
    assert (result.returncode, result.stderr) == ({"good": 0, "bad": 1}[word], b""), result
    return word


def headers_for(body=BODY, **how):
    return signed(body.encode(), **how)


def test_a_good_webhook_is_good(command):
    assert verdict(command, BODY, headers_for()) == "good"


def test_the_vector_of_the_contract_is_good(command):
    body = VECTOR_BODY.read_text("utf-8")
    headers = headers_for(body) | {"Signature": VECTOR_SIGNATURE}
    assert verdict(command, body, headers) == "good"


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_the_libraries_signed_is_good(command, library):
    now = int(time.time())
    headers = {
        "signature": sha1_signature(BODY.encode()),
        "webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "webhook-timestamp": str(now),
        "webhook-signature": load_library(library)(SECRET).sign(
            "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", datetime.fromtimestamp(now, tz=UTC), BODY
        ),
    }
    assert verdict(command, BODY, headers) == "good"


def test_an_empty_body_can_be_good(command):
    assert verdict(command, "", headers_for("")) == "good"


def test_names_of_headers_may_be_spelled_in_any_case(command):
    headers = {name.upper(): value for name, value in headers_for().items()}
    assert verdict(command, BODY, headers) == "good"


@pytest.mark.parametrize("secrets", [(SECRET, OLD_SECRET), (OLD_SECRET, SECRET)], ids=["first", "second"])
def test_one_of_two_signatures_is_enough_during_a_rotation(command, secrets):
    assert verdict(command, BODY, headers_for(secrets=secrets)) == "good"


def test_a_secret_without_padding_is_understood(command):
    assert verdict(command, BODY, headers_for(), secret=SECRET.rstrip("=")) == "good"


def test_a_tampered_body_is_bad(command):
    assert verdict(command, BODY + " ", headers_for()) == "bad"


def test_both_signatures_must_be_good(command):
    tampered = BODY + " "
    first_only = headers_for() | {"Signature": sha1_signature(tampered.encode())}
    assert verdict(command, tampered, first_only) == "bad"
    second_only = headers_for(tampered) | {"Signature": sha1_signature(BODY.encode())}
    assert verdict(command, tampered, second_only) == "bad"


@pytest.mark.parametrize("off", [-400, 400], ids=["old", "future"])
def test_a_time_too_far_off_is_bad(command, off):
    assert verdict(command, BODY, headers_for(at=int(time.time()) + off)) == "bad"


def test_a_time_a_little_off_is_good(command):
    assert verdict(command, BODY, headers_for(at=int(time.time()) - 250)) == "good"


def test_another_secret_or_key_is_bad(command):
    assert verdict(command, BODY, headers_for(secrets=(OLD_SECRET,))) == "bad"
    assert verdict(command, BODY, headers_for(), signing_key="0" * 32) == "bad"


@pytest.mark.parametrize("name", ["Signature", "webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_bad(command, name):
    headers = headers_for()
    del headers[name]
    assert verdict(command, BODY, headers) == "bad"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Signature", "ü"),
        ("webhook-signature", "v1,ü  v1 ,"),
        ("webhook-signature", ""),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", "9" * 5000),
        ("webhook-timestamp", "١٧٩٠"),
    ],
    ids=["signature", "webhook-signature", "empty", "no number", "huge", "other digits"],
)
def test_a_nonsense_header_is_bad(command, name, value):
    assert verdict(command, BODY, headers_for() | {name: value}) == "bad"


def test_a_time_with_a_line_end_is_bad(command):
    # "$" in a pattern lets a last line end through. Signed over exactly this, so only the time is at fault.
    sent = f"{int(time.time())}\n"
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = hmac.new(key, f"evt_1.{sent}.{BODY}".encode(), hashlib.sha256).digest()
    headers = headers_for() | {
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    assert verdict(command, BODY, headers) == "bad"


@pytest.mark.parametrize("empty", ["secret", "signing_key"])
def test_an_empty_key_is_an_error_and_never_good(command, empty):
    # Anyone can sign with an empty key: a setting that was forgotten must not open the door.
    key = {"secret": "whsec_"} if empty == "secret" else {"signing_key": ""}
    headers = headers_for()
    if empty == "signing_key":
        headers["Signature"] = sha1_signature(BODY.encode(), "")
    result = run(command, BODY, headers, **key)
    assert result.returncode != 0
    assert b"good" not in result.stdout
    assert b"is empty" in result.stderr + result.stdout
