"""Bodies as application/x-www-form-urlencoded, with both signatures over the bytes that are sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qsl

import pytest

from subscriptions.delivery.form_encoding import encode_body
from subscriptions.events.stored_bodies import read_bodies, read_sent
from tests.support.drains import drain_until, nothing_pending
from tests.support.events import events_of
from tests.support.factories import ended_call, make_company, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("version", ["article", "2026-05"])
def test_what_arrives_is_a_form_and_signed(receiver, version):
    company = make_company()
    subscription = make_subscription(
        company, receiver.url, ["post_call"], encoding="form", payload_version=version, name="form"
    )
    call = ended_call(company, customer_name="Zoë & Söhne", call_summary="A leak.")
    drain_until(nothing_pending)
    (request,) = receiver.got
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    stored = json.loads(read_bodies(events_of(call)[-1])[version])
    fields = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert [name for name, _ in fields] == list(stored)
    sent = dict(fields)
    assert sent["customer_name"] == "Zoë & Söhne"
    assert sent["answered"] == "true"
    assert sent["recording_duration"] == "13"
    assert json.loads(sent["integration_data"]) == stored["integration_data"]
    assert sent["conversational_transcript"] == ""
    sha1 = hmac.digest(company.signing_key.encode(), request.body, hashlib.sha1)
    assert headers["signature"] == base64.b64encode(sha1).decode()
    key = base64.b64decode(subscription.secret.removeprefix("whsec_"))
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()}"
    assert read_sent(subscription.deliveries.get()) == request.body


def test_a_change_of_the_encoding_is_for_new_events():
    company = make_company()
    subscription = make_subscription(company)
    ended_call(company)
    subscription.encoding = "form"
    subscription.save()
    ended_call(company)
    encodings = list(subscription.deliveries.order_by("pk").values_list("encoding", flat=True))
    assert (encodings[0], encodings[-1]) == ("json", "form")


def test_values_as_text():
    body = json.dumps({"a": None, "b": False, "c": 1, "d": "ü +&", "e": [], "f": {"x": "ü"}}).encode()
    assert encode_body(body, "form") == b"a=&b=false&c=1&d=%C3%BC+%2B%26&e=%5B%5D&f=%7B%22x%22%3A%22%C3%BC%22%7D"
    assert encode_body(body, "json") == body
