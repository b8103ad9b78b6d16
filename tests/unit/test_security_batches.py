"""Several events in one request: what one event or one answer could do to the others."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from subscriptions.delivery.http.messages import Answer
from subscriptions.delivery.outbox import Outcome
from subscriptions.delivery.outbox.rows import KEPT_OF_OTHERS, Claimed, Together
from subscriptions.delivery.sending import Sending
from tests.unit.test_sender_pool import job

SENDING = Sending(decrypt=lambda text: text, user_agent="test", retry_scale=1.0)


def together(number: int) -> Claimed:
    parts = [replace(job(each + 1), retry_refusals=False) for each in range(number)]
    for part in parts:
        part.together = Together(uuid4(), 1, 1, False, parts)
    return parts[0]


def answered(lead: Claimed, answer: Answer) -> list[Outcome]:
    return SENDING.outcome(lead, SENDING.sign(lead, 0.0), answer, 0.0).of_each()


@pytest.mark.parametrize("status", [400, 413, 422, 499])
def test_an_event_that_is_refused_ends_none_of_those_that_went_with_it(status):
    refused = Answer(status, [], b"", False, 5, "", "")
    assert {one.state for one in answered(together(3), refused)} == {"pending"}
    assert [one.state for one in answered(together(1), refused)] == ["failed"]


def test_a_long_answer_is_stored_once():
    headers = [(f"X-{number}", "x" * 500) for number in range(50)]
    lead, *others = answered(together(100), Answer(200, headers, b"a" * 16_384, False, 5, "", ""))
    assert (len(lead.response_body), len(lead.response_headers), lead.truncated) == (16_384, 50, False)
    assert {(len(one.response_body), len(one.response_headers), one.truncated) for one in others} == {
        (KEPT_OF_OTHERS, 2, True)
    }


def test_a_usual_answer_is_with_each():
    answer = Answer(200, [("Content-Type", "application/json")], b'{"ok":true}', False, 5, "", "")
    assert {(one.response_body, one.truncated) for one in answered(together(3), answer)} == {(answer.body, False)}
