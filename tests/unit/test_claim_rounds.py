"""When a drain claims again, where one claim cannot look at all companies and endpoints."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from subscriptions.delivery import outages, outbox
from subscriptions.delivery.claimer import (
    BUSY_SECONDS,
    CLAIM_ROWS,
    CLAIM_ROWS_OF_MANY,
    CLAIM_ROWS_OF_SOME,
    CUT_SECONDS,
    IDLE_SECONDS,
    MANY_COMPANIES,
    SOME_COMPANIES,
    Claimer,
)
from subscriptions.delivery.fairness import Hosts, Paces, Shares
from subscriptions.delivery.news import News
from subscriptions.delivery.outbox import Claim, Claimed, FewClaimed, Look

NOTHING = Claim([], more=False, cut=False, skipped=False, next_seconds=None)
BEGINNING = Claim([], more=False, cut=True, skipped=False, next_seconds=None)
END = Claim([], more=False, cut=False, skipped=True, next_seconds=None)


def job(number: int) -> Claimed:
    secrets = dict.fromkeys(
        ("secret", "previous_secret", "signing_key", "custom_headers", "auth_user", "auth_password", "auth_token",
         "client_certificate", "auth_client", "secret_url"), ""
    )  # fmt: skip
    return Claimed(
        id=number, endpoint=1, company=1, host="", ordered=False, attempt=1, round_began_after=0, event_id=uuid4(),
        event_type="post_call", sequence=1, body=b"{}", headers="", encoding="json", url="http://example.com",
        trust=1, age=0.0, retry_policy="standard", retry_refusals=True, batch=0, database_time=0.0, token=uuid4(),
        company_shown="COM1", send_traceparent=False,
        **secrets,
    )  # fmt: skip


@pytest.fixture
def script(monkeypatch):
    """What claims bring, one after the other; then nothing."""
    claims: list[Claim] = []
    monkeypatch.setattr(outbox, "claim", lambda **_: claims.pop(0) if claims else NOTHING)
    monkeypatch.setattr(outbox, "look", lambda: Look(False, None, None, False, False))
    monkeypatch.setattr(outages, "limit_claim", lambda rows: rows)
    return claims


def claimer() -> Claimer:
    made = Claimer(
        token=uuid4(), lease=60, shares=Shares(1000), hosts=Hosts(0, 0), paces=Paces(8), give=lambda jobs, at: None
    )
    made.step(0.0)
    return made


def seconds_after(script: list[Claim], *claims: Claim, monkeypatch: pytest.MonkeyPatch) -> float:
    """Until the next claim, when these were made as soon as each was due."""
    now = [0.0]
    monkeypatch.setattr("subscriptions.delivery.claimer.time.monotonic", lambda: now[0])
    script.extend(claims)
    made = claimer()
    while script:
        now[0] += made.seconds(now[0])
        made.step(now[0])
    return made.seconds(now[0])


def test_a_round_that_brought_something_is_followed_by_another_at_once(script, monkeypatch):
    first = Claim([job(1)], more=False, cut=True, skipped=False, next_seconds=None)
    assert seconds_after(script, first, END, monkeypatch=monkeypatch) == 0


def test_a_round_that_brought_nothing_is_followed_by_a_rest(script, monkeypatch):
    seconds = seconds_after(script, BEGINNING, END, BEGINNING, END, monkeypatch=monkeypatch)
    assert seconds == pytest.approx(BUSY_SECONDS)


def test_within_a_round_an_empty_claim_is_followed_soon(script, monkeypatch):
    assert seconds_after(script, BEGINNING, monkeypatch=monkeypatch) == pytest.approx(CUT_SECONDS)


def test_where_one_claim_looks_at_all_an_empty_one_is_followed_by_none(script, monkeypatch):
    assert seconds_after(script, NOTHING, monkeypatch=monkeypatch) > BUSY_SECONDS
    assert seconds_after(script, NOTHING, monkeypatch=monkeypatch) <= IDLE_SECONDS


def test_news_in_the_middle_of_a_round_begin_another(script, monkeypatch):
    monkeypatch.setattr("subscriptions.delivery.claimer.time.monotonic", lambda: 0.0)
    script.extend([BEGINNING])
    made = claimer()
    made.wake(News(everywhere=True))
    script.extend([END])
    made.step(0.0)
    assert made.seconds(0.0) == 0


def rows_of(company: int, number: int) -> list[Claimed]:
    return [replace(job(1), company=company) for _ in range(number)]


def seconds_after_a_large_claim(monkeypatch: pytest.MonkeyPatch, script: list[Claim], companies: list[int]) -> float:
    """Until the next claim, when one was large, took 10 ms and left more; these companies had something before."""
    now = [0.0]
    monkeypatch.setattr("subscriptions.delivery.claimer.time.monotonic", lambda: now[0])
    made = claimer()
    script[:] = [Claim(rows_of(company, 1), False, False, False, None) for company in companies]
    while script:
        made.wake(News(everywhere=True))
        made.step(now[0])

    def take_long(**_: object) -> Claim:
        now[0] += 0.01
        return Claim(rows_of(1, 300), True, True, False, None)

    monkeypatch.setattr(outbox, "claim", take_long)
    made.wake(News(everywhere=True))
    made.step(now[0])
    made.wake(News(everywhere=True))
    return made.seconds(now[0])


def test_beside_others_a_large_claim_is_followed_by_a_pause_as_long_as_it_took(script, monkeypatch):
    assert seconds_after_a_large_claim(monkeypatch, script, [1, 2]) == pytest.approx(0.01)


def test_for_a_company_that_is_alone_there_is_no_pause(script, monkeypatch):
    assert seconds_after_a_large_claim(monkeypatch, script, [1]) == 0


def test_for_many_companies_there_is_no_pause(script, monkeypatch):
    monkeypatch.setattr("subscriptions.delivery.claimer.MANY_COMPANIES", 1)
    assert seconds_after_a_large_claim(monkeypatch, script, [1, 2]) == 0


@pytest.mark.parametrize(
    ("companies", "rows"),
    [
        (2, CLAIM_ROWS),
        (SOME_COMPANIES, CLAIM_ROWS_OF_SOME),
        (MANY_COMPANIES - 1, CLAIM_ROWS_OF_SOME),
        (MANY_COMPANIES, CLAIM_ROWS_OF_MANY),
    ],
)
def test_a_claim_brings_as_much_as_its_companies_are_many(script, monkeypatch, companies, rows):
    monkeypatch.setattr("subscriptions.delivery.claimer.time.monotonic", lambda: 0.0)
    made = claimer()
    found = [row for company in range(1, companies + 1) for row in rows_of(company, 1)]
    for claimed in (rows_of(1, 5), found):
        script[:] = [Claim(claimed, False, False, False, None)]
        made.wake(News(everywhere=True))
        made.step(0.0)
    assert made.rows_at_once() == rows


def test_a_woken_company_waits_for_no_pause(script, monkeypatch):
    monkeypatch.setattr(outbox, "claim_few", lambda **_: FewClaimed([], False))
    now = [0.0]
    monkeypatch.setattr("subscriptions.delivery.claimer.time.monotonic", lambda: now[0])
    made = claimer()
    made._pause_until = 5.0
    made.wake(News({2}))
    assert made.seconds(0.0) == 0
