"""The receiver's verdict agrees with the contract's vector and with the public libraries."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from callhooks_site.devtools.receiver.keys import parse_keys
from callhooks_site.devtools.receiver.signatures import TOLERANCE_SECONDS, check
from tests.support.demo_receiver import OLD_SECRET, SECRET, VECTOR_BODY, VECTOR_SIGNATURE, signed
from tests.support.webhook_libraries import load_library

NOW = 1_790_000_000
BODY = '{"note":"Grüße 👋"}'.encode()
KEYS = parse_keys(f'{{"signing_key": "072e77e426f92738a72fe23c4d1953b4", "subscription_secret": "{SECRET}"}}')


def verdict_on(body=BODY, now=NOW, change=None, **how):
    headers = {name.lower(): value for name, value in signed(BODY, at=NOW, **how).items()}
    for name, value in (change or {}).items():
        if value is None:
            del headers[name]
        else:
            headers[name] = value
    return check(KEYS, headers, body, now)


def test_a_good_webhook_is_good():
    verdict = verdict_on()
    assert (verdict.signature, verdict.webhook_signature, verdict.good, verdict.reasons) == (
        True,
        True,
        True,
        (),
    )


def test_the_vector_of_the_contract():
    body = VECTOR_BODY.read_bytes()
    assert len(body) == 2279
    assert check(KEYS, {"signature": VECTOR_SIGNATURE}, body, NOW).signature is True
    assert check(KEYS, {"signature": VECTOR_SIGNATURE}, body + b"\n", NOW).signature is False


def test_what_svix_signed_is_good():
    signature = load_library("svix")(SECRET).sign("evt_1", datetime.fromtimestamp(NOW, tz=UTC), BODY.decode())
    assert verdict_on(change={"webhook-signature": signature}).good


def test_a_tampered_body_fails_both():
    verdict = verdict_on(body=BODY + b" ")
    assert (verdict.signature, verdict.webhook_signature) == (False, False)
    assert verdict.reasons == ("Signature does not match", "webhook-signature does not match")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("webhook-id", "evt_2", "webhook-signature does not match"),
        ("webhook-timestamp", str(NOW - 1), "webhook-signature does not match"),
        ("webhook-timestamp", "١٧٩", "webhook-timestamp is not a number of seconds"),
        ("webhook-timestamp", "9" * 5000, "webhook-timestamp is not a number of seconds"),
        ("webhook-timestamp", "-5", "webhook-timestamp is not a number of seconds"),
        ("webhook-signature", "v1,", "webhook-signature does not match"),
        ("webhook-signature", "v1,\udc80ü", "webhook-signature does not match"),
        ("webhook-id", None, "webhook-id is missing"),
        ("webhook-timestamp", None, "webhook-timestamp is missing"),
        ("webhook-signature", None, "webhook-signature is missing"),
    ],
)
def test_a_wrong_header_of_the_standard_signature_is_named(name, value, reason):
    verdict = verdict_on(change={name: value})
    assert (verdict.signature, verdict.webhook_signature) == (True, False)
    assert verdict.reasons == (reason,)


@pytest.mark.parametrize(("value", "reason"), [(None, "Signature is missing"), ("AAAA", "Signature does not match")])
def test_a_wrong_first_signature_is_named(value, reason):
    verdict = verdict_on(change={"signature": value})
    assert (verdict.signature, verdict.webhook_signature) == (False, True)
    assert verdict.reasons == (reason,)


def test_another_version_of_the_scheme_is_no_match():
    good = signed(BODY, at=NOW)["webhook-signature"]
    assert not verdict_on(change={"webhook-signature": good.replace("v1,", "v2,")}).good


@pytest.mark.parametrize("late", [TOLERANCE_SECONDS, -TOLERANCE_SECONDS])
def test_five_minutes_off_is_still_good(late):
    assert verdict_on(now=NOW + late).good


@pytest.mark.parametrize(
    ("late", "words"), [(301, "webhook-timestamp is 301 s in the past"), (-301, "301 s in the future")]
)
def test_more_than_five_minutes_off_is_bad(late, words):
    verdict = verdict_on(now=NOW + late)
    assert (verdict.signature, verdict.webhook_signature) == (True, False)
    assert words in verdict.reasons[0]


@pytest.mark.parametrize("secrets", [(SECRET, OLD_SECRET), (OLD_SECRET, SECRET)])
def test_one_of_two_signatures_is_enough_during_a_rotation(secrets):
    assert verdict_on(secrets=secrets).good


def test_a_signature_by_another_secret_alone_is_bad():
    assert not verdict_on(secrets=(OLD_SECRET,)).good


def test_the_signing_key_is_used_as_text():
    key_bytes = bytes.fromhex("072e77e426f92738a72fe23c4d1953b4")
    as_bytes = base64.b64encode(hmac.new(key_bytes, BODY, hashlib.sha1).digest()).decode()
    assert not verdict_on(change={"signature": as_bytes}).signature
