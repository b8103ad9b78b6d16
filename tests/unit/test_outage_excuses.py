"""An outage of our own that is noticed between an answer and its record costs no attempt either."""

from __future__ import annotations

from uuid import uuid4

import pytest

from subscriptions.delivery import outages
from subscriptions.delivery.http.messages import Answer
from subscriptions.delivery.outbox import Outcome
from subscriptions.delivery.outbox.rows import Together
from subscriptions.delivery.sending import Sending, SignedRequest
from tests.unit.test_sender_pool import job

SENDING = Sending(decrypt=lambda text: text, user_agent="test", retry_scale=1.0)


def outcome_of(error: str = "", status: int | None = None, *, once: bool = False) -> Outcome:
    claimed = job(1, once=once)
    signed: SignedRequest = SENDING.sign(claimed, 0.0)
    return SENDING.outcome(claimed, signed, Answer(status, [], b"", False, 5, error, "No such host."), 0.0)


def test_what_failed_by_it_is_tried_again_for_nothing(monkeypatch):
    judged_before = outcome_of("dns")
    assert (judged_before.free, judged_before.ours) == (False, False)
    monkeypatch.setattr(outages, "ongoing", lambda: True)
    (excused,) = SENDING.excuse([judged_before])
    assert (excused.state, excused.free, excused.ours) == ("pending", True, True)
    assert excused.reason == "An outage of this service, which costs no attempt. No such host."


@pytest.mark.parametrize("outcome", [outcome_of(status=500), outcome_of(status=204), outcome_of("dns", once=True)])
def test_what_did_not_is_left_as_it_is(monkeypatch, outcome):
    monkeypatch.setattr(outages, "ongoing", lambda: True)
    assert SENDING.excuse([outcome]) == [outcome]


def test_what_went_in_one_request_waits_as_long(monkeypatch):
    lead, other = job(1), job(2)
    lead.together = other.together = Together(uuid4(), 1, 1, False, [lead, other])
    failed = SENDING.outcome(lead, SENDING.sign(lead, 0.0), Answer(None, [], b"", False, 5, "dns", "No."), 0.0)
    monkeypatch.setattr(outages, "ongoing", lambda: True)
    first, second = SENDING.excuse(failed.of_each())
    assert (first.claimed.id, second.claimed.id) == (1, 2)
    assert first.wait == second.wait


def test_without_an_outage_all_is_as_it_was():
    outcomes = [outcome_of("dns")]
    assert SENDING.excuse(outcomes) is outcomes
