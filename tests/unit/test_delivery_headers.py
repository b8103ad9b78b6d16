"""The headers of a delivery: each by name, and both signatures as independent libraries see them."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from time import time

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from callhooks_site.version import NAME, VERSION
from subscriptions.delivery.signing import delivery_headers
from tests.support.webhook_libraries import LIBRARIES, load_library

SIGNING_KEY = "072e77e426f92738a72fe23c4d1953b4"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(100, 124))).decode()
STRANGER = "whsec_" + base64.b64encode(b"s" * 32).decode()
BODY = '{"content":"Grüße 👋\\n"}'.encode()
WITH_EACH_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def headers_for(body=BODY, **changed):
    return delivery_headers(
        body,
        **{
            "user_agent": f"{NAME}/{VERSION}",
            "webhook_id": "evt_0192f3",
            "event_type": "call_modified",
            "sequence": 4,
            "attempt": 2,
            "timestamp": int(time()),
            "signing_key": SIGNING_KEY,
            "secrets": [SECRET],
            **changed,
        },
    )


def test_exactly_these_headers():
    assert set(headers_for()) == {
        "Content-Type",
        "User-Agent",
        "Signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "Callhooks-Event",
        "Callhooks-Sequence",
        "Callhooks-Attempt",
    }


def test_the_plain_ones():
    headers = headers_for(timestamp=1_771_000_000)
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == f"{NAME}/{VERSION}"
    assert re.fullmatch(r"Callhooks/\d+\.\d+\.\d+", headers["User-Agent"])
    assert headers["webhook-id"] == "evt_0192f3"
    assert headers["webhook-timestamp"] == "1771000000"
    assert headers["Callhooks-Event"] == "call_modified"
    assert headers["Callhooks-Sequence"] == "4"
    assert headers["Callhooks-Attempt"] == "2"
    assert all(isinstance(value, str) for value in headers.values())


def test_signature_is_base64_of_hmac_sha1_with_the_key_as_text():
    expected = base64.b64encode(hmac.new(SIGNING_KEY.encode("ascii"), BODY, hashlib.sha1).digest()).decode()
    assert headers_for()["Signature"] == expected


@WITH_EACH_LIBRARY
def test_libraries_accept_the_standard_signature(library):
    load_library(library)(SECRET).verify(BODY, headers_for())


@WITH_EACH_LIBRARY
@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_during_a_rotation_both_secrets_verify(library, secret):
    load_library(library)(secret).verify(BODY, headers_for(secrets=[SECRET, OLD_SECRET]))


@WITH_EACH_LIBRARY
def test_nobody_elses_secret_verifies(library):
    with pytest.raises(WebhookVerificationError):
        load_library(library)(STRANGER).verify(BODY, headers_for(secrets=[SECRET, OLD_SECRET]))


@WITH_EACH_LIBRARY
def test_a_changed_body_does_not_verify(library):
    with pytest.raises(WebhookVerificationError):
        load_library(library)(SECRET).verify(BODY + b" ", headers_for())


@WITH_EACH_LIBRARY
@pytest.mark.parametrize(
    ("name", "value"),
    [("webhook-id", "evt_other"), pytest.param("webhook-timestamp", str(int(time()) - 9), id="nine seconds ago")],
)
def test_id_and_timestamp_are_signed(library, name, value):
    with pytest.raises(WebhookVerificationError):
        load_library(library)(SECRET).verify(BODY, headers_for() | {name: value})


def test_the_new_secret_signs_first_with_one_blank_between():
    at = 1_771_000_000
    expected = [
        load_library("standardwebhooks")(secret).sign("evt_0192f3", datetime.fromtimestamp(at, UTC), BODY.decode())
        for secret in (SECRET, OLD_SECRET)
    ]
    assert headers_for(timestamp=at, secrets=[SECRET, OLD_SECRET])["webhook-signature"] == " ".join(expected)
    assert all(signature.startswith("v1,") for signature in expected)
