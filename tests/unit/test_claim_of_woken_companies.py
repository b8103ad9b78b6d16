"""A company that was just woken is claimed for at once, by the short claim, unless there is something to weigh."""

from __future__ import annotations

from uuid import uuid4

import pytest

from subscriptions.delivery import outages, outbox
from subscriptions.delivery.claimer import BUSY_SECONDS, FEW_COMPANIES, Claimer
from subscriptions.delivery.fairness import Hosts, Paces, Shares
from subscriptions.delivery.news import MOST_NAMED, News
from subscriptions.delivery.outbox import Claim, Claimed, FewClaimed, Look
from subscriptions.delivery.outbox.claiming_few import MOST_OF_COMPANY
from subscriptions.delivery.pacing import LEAST_SECONDS, LONGEST_SECONDS, MANY_A_SECOND
from subscriptions.delivery.woken import BURST, LEFT_SECONDS
from tests.unit.test_claim_rounds import job

NOTHING = Claim([], more=False, cut=False, skipped=False, next_seconds=None)


class Claims:
    """What was asked for, and what short claims answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.few: list[list[int]] = []
        self.full = 0
        self.slow: list[int] = []
        self.answer: FewClaimed | None = FewClaimed([job(1)], False)
        self.many: set[int] = set()  # companies that have more than a short claim takes
        self.allowed = 1000  # rows, by an outage of our own
        monkeypatch.setattr(outbox, "claim", self._full)
        monkeypatch.setattr(outbox, "claim_few", self._few)
        monkeypatch.setattr(outbox, "look", lambda: Look(False, None, None, False, False))
        monkeypatch.setattr(outages, "limit_claim", lambda rows: min(rows, self.allowed))
        monkeypatch.setattr("subscriptions.delivery.claimer.time.monotonic", lambda: 0.0)

    def _full(self, **_: object) -> Claim:
        self.full += 1
        return NOTHING

    def _few(self, *, companies: list[int], slow: list[int], **_: object) -> FewClaimed | None:
        self.slow = slow
        self.few.append(sorted(companies))
        return None if self.many & set(companies) else self.answer


@pytest.fixture
def claims(monkeypatch) -> Claims:
    return Claims(monkeypatch)


@pytest.fixture
def taken() -> list[Claimed]:
    return []


def claimer(
    taken: list[Claimed], *, shares: Shares | None = None, hosts: Hosts | None = None, paces: Paces | None = None
) -> Claimer:
    """One that has nothing to do."""
    made = Claimer(
        token=uuid4(), lease=60, shares=shares or Shares(1000), hosts=hosts or Hosts(0, 0),
        paces=paces or Paces(8),
        give=lambda jobs, at: taken.extend(jobs),
    )  # fmt: skip
    made.step(0.0)
    return made


def test_it_is_claimed_for_alone_and_no_other_claim_follows(claims, taken):
    made = claimer(taken)
    before = claims.full
    made.wake(News({1}))
    assert made.seconds(0.0) == 0
    made.claim_woken(0.0)
    made.step(0.0)
    assert [each.id for each in taken] == [1]
    assert (claims.few, claims.full) == ([[1]], before)
    assert made.seconds(0.0) > BUSY_SECONDS


def test_one_with_more_is_left_to_the_other_claim_and_for_a_while_at_once(claims, taken):
    made = claimer(taken)
    before = claims.full
    claims.answer = None
    for _ in range(2):
        made.wake(News({1}))
        made.claim_woken(0.0)
        made.step(0.0)
    assert (claims.few, claims.full) == ([[1]], before + 2)
    made.wake(News({2}))
    made.claim_woken(0.0)
    assert claims.few == [[1], [2]], "another company's is tried"
    made.wake(News({1}))
    made.claim_woken(LEFT_SECONDS + 0.1)
    assert claims.few == [[1], [2], [1]]


def test_many_companies_are_asked_for_in_parts(claims, taken):
    made = claimer(taken)
    made.wake(News(set(range(1, 2 * FEW_COMPANIES + 2))))
    made.claim_woken(0.0)
    assert [len(some) for some in claims.few] == [FEW_COMPANIES, FEW_COMPANIES, 1]


def test_one_that_has_more_does_not_leave_the_others_to_the_other_claim(claims, taken):
    made = claimer(taken)
    before = claims.full
    claims.many = {2}
    made.wake(News({1, 2, 3}))
    made.claim_woken(0.0)
    assert claims.few == [[1, 2, 3], [1], [2], [3]]
    made.step(0.0)
    assert claims.full == before + 1
    made.wake(News({1, 2, 3}))
    made.claim_woken(LEAST_SECONDS)
    assert claims.few[4:] == [[1, 3]]


def wake_and_claim(made: Claimer, company: int, now: float) -> None:
    made.wake(News({company}))
    made.claim_woken(now)


@pytest.mark.parametrize("many", [FEW_COMPANIES, 10 * FEW_COMPANIES])
def test_for_more_companies_a_short_claim_waits_longer(claims, taken, many):
    """They are many each second, and one claim for all of them costs less."""
    made = claimer(taken)
    for _ in range(BURST):
        made.wake(News(set(range(1, many + 1))))
        made.claim_woken(0.0)
    made.wake(News({1}))
    assert made.seconds(0.0) == pytest.approx(min(LONGEST_SECONDS, many / MANY_A_SECOND))
    assert made.seconds(0.0) > LEAST_SECONDS


def test_those_who_come_after_many_wait_as_long_though_the_ones_before_were_few(claims, taken):
    made = claimer(taken)
    for _ in range(BURST):
        wake_and_claim(made, 1, 0.0)
    made.wake(News(set(range(1, 10 * FEW_COMPANIES))))
    made.claim_woken(LEAST_SECONDS)
    made.wake(News({1}))
    assert made.seconds(LEAST_SECONDS) == pytest.approx(LONGEST_SECONDS)


def test_the_wait_after_many_is_no_longer_for_one(claims, taken):
    made = claimer(taken)
    for _ in range(BURST):
        made.wake(News(set(range(1, 10 * FEW_COMPANIES))))
        made.claim_woken(0.0)
    wake_and_claim(made, 1, LONGEST_SECONDS)
    made.wake(News({1}))
    assert made.seconds(LONGEST_SECONDS) == pytest.approx(LEAST_SECONDS)


def test_those_who_are_woken_in_quick_succession_are_claimed_for_together(claims, taken):
    made = claimer(taken)
    for company in range(1, BURST + 4):
        wake_and_claim(made, company, 0.0)
        assert made.gathers(0.0) is (company > BURST)
    alone = [[company] for company in range(1, BURST + 1)]
    assert claims.few == alone
    assert made.seconds(0.0) == pytest.approx(LEAST_SECONDS)
    made.claim_woken(LEAST_SECONDS)
    assert claims.few == [*alone, [BURST + 1, BURST + 2, BURST + 3]]
    assert not made.gathers(LEAST_SECONDS)
    wake_and_claim(made, 1, 1.5 * LEAST_SECONDS)
    assert len(claims.few) == BURST + 1, "one in this time"


def test_those_who_are_woken_one_by_one_are_claimed_for_at_once(claims, taken):
    made = claimer(taken)
    times = [number * LEAST_SECONDS for number in range(10)]
    for now in times:
        wake_and_claim(made, 1, now)
    assert len(claims.few) == len(times)
    for _ in range(BURST):
        wake_and_claim(made, 1, 5.0)
    assert len(claims.few) == len(times) + BURST, "after a pause several at once"


def test_one_who_is_left_to_the_other_claim_delays_nobody(claims, taken):
    made = claimer(taken)
    claims.many = {1}
    wake_and_claim(made, 1, 0.0)
    for _ in range(10):
        wake_and_claim(made, 1, 0.1)
        assert made.seconds(0.1) == 0
    wake_and_claim(made, 2, 0.1)
    assert claims.few == [[1], [2]]


def hold(shares: Shares, rows: int, *, company: int) -> None:
    for _ in range(rows):
        shares.take(company, trust=2)


def test_one_that_holds_its_share_already_is_left_to_the_other_claim(claims, taken):
    shares = Shares(100)
    hold(shares, shares.company - MOST_OF_COMPANY + 1, company=1)
    made = claimer(taken, shares=shares)
    made.wake(News({1, 2}))
    made.claim_woken(0.0)
    assert claims.few == [[2]]
    assert made.seconds(0.0) == 0, "the other claim is due"


def test_one_whose_host_has_no_room_is_left_to_the_other_claim(claims, taken):
    hosts = Hosts(most=MOST_OF_COMPANY, per_second=0)
    hosts.take((1, "crm.example.com"), 0.0)
    made = claimer(taken, hosts=hosts)
    made.wake(News({1, 2}))
    made.claim_woken(0.0)
    assert claims.few == [[2]]


def test_in_an_outage_of_our_own_the_other_claim_decides(claims, taken):
    claims.allowed = 1
    made = claimer(taken)
    made.wake(News({1}))
    made.claim_woken(0.0)
    assert claims.few == []
    assert made.seconds(0.0) == 0


def test_without_room_it_waits_for_some(claims, taken):
    shares = Shares(100)
    made = claimer(taken, shares=shares)
    hold(shares, 100, company=7)
    made.wake(News({1}))
    made.claim_woken(0.0)
    assert claims.few == []
    assert made.seconds(0.0) > 0
    for _ in range(100):
        shares.release(7, trust=2)
    made.claim_woken(0.0)
    assert claims.few == [[1]]


@pytest.mark.parametrize("drains", [1, 2, 5, 8])
def test_with_many_drains_too_who_has_one_event_is_claimed_for_by_the_short_claim(claims, taken, settings, drains):
    """Each has its part of what a company may send to one host."""
    most, a_second = settings.DELIVERY_HOST_IN_FLIGHT, settings.DELIVERY_HOST_RATE
    made = claimer(taken, hosts=Hosts(-(-most // drains), a_second / drains))
    wake_and_claim(made, 1, 0.0)
    assert claims.few == [[1]]


def test_what_came_back_unsent_is_claimed_again_soon(claims, taken):
    made = claimer(taken)
    assert made.seconds(0.0) > BUSY_SECONDS
    made.claim_later(0.0)
    assert made.seconds(0.0) == pytest.approx(BUSY_SECONDS)


def test_endpoints_that_take_long_are_named(claims, taken):
    paces = Paces(8)
    paces.note(7, 3.0, good=True)
    paces.note(8, 0.1, good=True)
    made = claimer(taken, paces=paces)
    wake_and_claim(made, 1, 0.0)
    assert claims.slow == [7]


def test_a_row_that_somebody_else_held_is_looked_for_soon(claims, taken):
    made = claimer(taken)
    claims.answer = FewClaimed([], True)
    made.wake(News({1}))
    made.claim_woken(0.0)
    assert made.seconds(0.0) == pytest.approx(BUSY_SECONDS)


def test_what_a_wake_up_says_is_read_as_it_was_written():
    for news in (News({3}), News({3, 12}), News(everywhere=True)):
        assert News.read([news.payload()]) == news
    assert News.read(["3", "12,3"]) == News({3, 12})
    assert News.read(["3", ""]) == News({3}, everywhere=True)
    assert News.read(["a new company"]).everywhere
    assert not News.read([])


def test_more_companies_than_a_wake_up_names_are_everywhere():
    assert News(set(range(MOST_NAMED))).payload() != ""
    assert News(set(range(MOST_NAMED + 1))).payload() == ""
