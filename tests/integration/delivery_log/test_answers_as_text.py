"""Answers are shown as they were meant: headers in UTF-8, bodies unpacked and in their charset, and no secret."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.urls import reverse

from subscriptions.delivery.masking import MASK
from subscriptions.models import Attempt, Delivery
from tests.support.admin import login
from tests.support.api import program
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_member, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.sample(every=2)
@pytest.mark.parametrize(
    ("headers", "pack", "mask"),
    [
        ({"Content-Type": "text/plain; charset=iso-8859-1"}, lambda text: text.encode("latin-1"), "??????"),
        ({"Content-Type": "text/plain; charset=utf-16"}, lambda text: text.encode("utf-16"), MASK),
        ({"Content-Encoding": "gzip"}, lambda text: gzip.compress(text.encode()), MASK),
        ({"Content-Encoding": "br"}, lambda text: brotli.compress(text.encode()), MASK),
    ],
    ids=["latin-1", "UTF-16", "gzip", "br"],
)
def test_the_log_shows_text(headers, pack, mask, receiver: Receiver):
    company = make_company()
    subscription = make_subscription(company, url=receiver.url, events=["pre_call"])
    note = "Größe: 5 km – 日本".encode().decode("latin-1")  # as the wire has it
    receiver.answer = lambda got: (500, {**headers, "X-Note": note}, pack(f"Für Zoë: {subscription.secret}, danke"))
    make_call(company)
    drain_until(lambda: Attempt.objects.exists())

    attempt = Attempt.objects.get()
    assert ["X-Note", "Größe: 5 km – 日本"] in attempt.response_headers
    delivery = Delivery.objects.get()
    shown = program(company, ["read"]).get(f"/api/v1/deliveries/{delivery.pk}/").json()["attempts"][0]
    assert shown["response_body"] == f"Für Zoë: {mask}, danke"
    admin = login(make_member(company))
    page = admin.get(reverse("admin:subscriptions_delivery_change", args=[delivery.pk])).content.decode()
    assert f"Für Zoë: {mask}, danke" in page
    assert "Größe: 5 km – 日本" in page
    assert subscription.secret.removeprefix("whsec_") not in page


def test_what_is_packed_stays_packed_where_it_is_stored(receiver: Receiver):
    """Nothing is decided by what is in it; only when it holds a secret is it stored unpacked, without that."""
    company, packed = make_company(), gzip.compress(b"fine")
    make_subscription(company, url=receiver.url, events=["pre_call"])
    receiver.answer = lambda got: (200, {"Content-Encoding": "gzip"}, packed)
    make_call(company)
    drain_until(nothing_pending)
    assert bytes(Attempt.objects.get().response_body) == packed


def test_a_bomb_is_shown_in_part_and_says_so(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    receiver.answer = lambda got: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"a" * 10_000_000)[:16_000])
    make_call(company)
    drain_until(nothing_pending)
    page = login(make_member(company)).get(
        reverse("admin:subscriptions_delivery_change", args=[Delivery.objects.get().pk])
    )
    text = page.content.decode()
    assert "a" * 16_384 in text
    assert "a" * 16_385 not in text
    assert "Only this part is shown" in text
