"""How a request for several events is written: as a list, as lines, as CloudEvents, with the chosen keys and masks."""

from __future__ import annotations

import json

import pytest

from docs.verify.verify import verify
from subscriptions.models import Subscription
from tests.support.batches import batching_one, calls, sizes
from tests.support.claims import all_due, batches, delivered, finish
from tests.support.drains import drain_until, nothing_pending

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


def test_json_lines(company, tracker, receiver):
    subscription = batching_one(company, receiver.url, batch_events=2, batch_lines=True)
    calls(company, tracker, 2)
    drain_until(nothing_pending)
    (got,) = receiver.got
    assert got.headers["Content-Type"] == "application/x-ndjson"
    assert got.body.endswith(b"}\n")
    assert [json.loads(line)["type"] for line in got.body.splitlines()] == ["pre_call"] * 2
    assert verify(got.body, got.headers, company.signing_key, subscription.secret)


def test_chosen_keys_and_masks_are_kept_and_cloudevents_have_their_own_list(company, tracker, receiver):
    shaped = {"only": ["customer_phone_number"], "mask": ["phone_numbers"]}
    subscription = batching_one(company, receiver.url, batch_events=2, shape=shaped)
    calls(company, tracker, 2)
    drain_until(nothing_pending)
    assert [item["data"] for item in json.loads(receiver.got[0].body)] == [
        {"customer_phone_number": "+*********23"}
    ] * 2
    subscription.shape = {"format": "cloudevents"}
    subscription.save()
    calls(company, tracker, 2)
    drain_until(nothing_pending)
    got = receiver.got[1]
    assert got.headers["Content-Type"] == "application/cloudevents-batch+json"
    assert [item["specversion"] for item in json.loads(got.body)] == ["1.0"] * 2


def test_bodies_of_two_forms_do_not_go_together(company, tracker):
    subscription = batching_one(company)
    calls(company, tracker, 1)
    Subscription.objects.update(shape={"format": "cloudevents"})
    calls(company, tracker, 1)
    all_due()
    jobs = batches()
    finish(*delivered(jobs[0]).of_each())
    jobs += batches()
    assert sizes(jobs) == [1, 1]
    assert subscription.batch_events == 5
