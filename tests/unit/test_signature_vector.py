"""The `Signature` header against the vector that the contract gives."""

import base64
import hashlib
import hmac
from pathlib import Path

from subscriptions.delivery.signing import vendor_signature

BODY = (Path(__file__).parents[1] / "data/signature-vector-body.json").read_bytes()
KEY = "072e77e426f92738a72fe23c4d1953b4"
SIGNATURE = "UZAHbUdfm3GqL7qzilGozGzWV64="


def test_the_vector_is_the_contracts():
    assert len(BODY) == 2279
    assert not BODY.endswith(b"\n")
    # OpenSSL's word for it, without a line of ours.
    assert base64.b64encode(hmac.new(KEY.encode(), BODY, hashlib.sha1).digest()).decode() == SIGNATURE


def test_the_signature_of_the_vector():
    assert vendor_signature(BODY, signing_key=KEY) == SIGNATURE


def test_the_key_is_text_not_the_bytes_that_its_digits_spell():
    wrong = base64.b64encode(hmac.digest(bytes.fromhex(KEY), BODY, hashlib.sha1)).decode()
    assert vendor_signature(BODY, signing_key=KEY) != wrong


def test_every_byte_of_the_body_counts():
    assert vendor_signature(BODY + b"\n", signing_key=KEY) != SIGNATURE
    assert vendor_signature(BODY[:-1] + b" ", signing_key=KEY) != SIGNATURE
