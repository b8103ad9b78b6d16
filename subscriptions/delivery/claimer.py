"""When a drain claims, and how much: it keeps count of what it holds, and asks only when there may be something.

Invariants
- A claim that brought all there was is followed by none until a wake-up, the time of what waits, or an outcome that
  makes room for what was left.
- Where one claim cannot look at all companies and endpoints, claims go round: one that ends a round is followed by
  another round, until a round brings nothing.
- What waits is looked for once a second, at the first entries of some indexes.
- Who is woken is claimed for at once while wake-ups come one by one; where they come faster, one claim serves several.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from uuid import UUID

from ..counters import known
from . import outages, outbox
from .fairness import Hosts, Paces, Shares
from .news import News
from .outbox import Claimed, Limits, Outcome, Position
from .outbox.claiming_few import MOST as FEW_ROWS
from .outbox.claiming_few import MOST_OF_COMPANY
from .outbox.staging import STAGED_AT_ONCE
from .woken import NEVER, Woken

# Rows of one claim, and outcomes that are written at once, while one company has much to send and others a little. A
# claim costs 1.5 ms of CPU and 0.05 ms for each row, and whoever comes meanwhile waits for all of them. One that
# brought more than PAUSE_ABOVE is followed by a pause as long as it took, or the flood of one company would keep all
# processors busy. Beside 20,000 webhooks of another company the p99 was 3.5 times what it is without with 80 rows and
# no pause, 2.4 times with 40 and 1.9 with 20 (medians of eleven and nine rounds).
CLAIM_ROWS = 20
PAUSE_ABOVE = 8
# The same while some companies have much to send: 20 rows would take a third of the rate from ten of them.
CLAIM_ROWS_OF_SOME = 40
SOME_COMPANIES = 4  # in one claim
# The same while no other company had anything for a while.
CLAIM_ROWS_ALONE = 500
ALONE_SECONDS = 10.0
# The same while many companies have much to send: then nobody waits for the flood of one, and each row costs less.
CLAIM_ROWS_OF_MANY = 250
MANY_COMPANIES = 20  # in one claim
IDLE_SECONDS = 1.0  # between two looks at what waits: wake-ups can get lost
# The shortest time between two looks: rates and retries fall due at any moment, and one step serves many of them.
LOOK_SECONDS = 0.05
# Until the next claim when something is available that could not be taken, and no outcome has come.
BUSY_SECONDS = 0.25
# The same when there were more endpoints than one claim looks at.
CUT_SECONDS = 0.02
# Companies of one short claim: two deliveries of each are what it takes.
FEW_COMPANIES = FEW_ROWS // 2


class Claimer:
    """`give` gets what was claimed, with the time of the claim by the monotonic clock."""

    def __init__(
        self,
        *,
        token: UUID,
        lease: float,
        shares: Shares,
        hosts: Hosts,
        paces: Paces,
        give: Callable[[list[Claimed], float], None],
    ) -> None:
        self._token = token
        self._lease = lease
        self._shares = shares
        self._hosts = hosts
        self._paces = paces
        self._give = give
        self._position = Position()
        self._claim_at = 0.0
        self._pause_until = -NEVER
        self._another_round = False
        self._look_at = 0.0
        self._left_something = False
        self._taken = 0  # by the last claim, and what was finished of all since
        self._released = 0
        self._woken = Woken()
        self._company: int | None = None  # of the last row that was claimed
        self._others_at = -NEVER  # when one of another company was last claimed
        self._rows = CLAIM_ROWS  # of the next claim, by how many companies the last one met

    @property
    def held(self) -> int:
        return self._shares.held

    def wake(self, news: News) -> None:
        """Something new was committed."""
        self._woken.add(news.companies)
        if news.everywhere:
            self._claim_soon()

    def rows_at_once(self) -> int:
        """Rows that whoever is woken meanwhile may have to wait for: few where several companies have something."""
        if time.monotonic() - self._others_at >= ALONE_SECONDS:
            return CLAIM_ROWS_ALONE
        return self._rows

    def seconds(self, now: float) -> float:
        """Until this drain has to look or to claim."""
        claim_at = min(self._woken.serve_at, max(self._claim_at, self._pause_until)) if self._shares.room else NEVER
        return max(0.0, min(claim_at, self._look_at) - now)

    def gathers(self, now: float) -> bool:
        """Whether one short claim soon serves all who are woken until then: nobody needs to be told of each."""
        return now < self._woken.serve_at < NEVER

    def step(self, now: float) -> None:
        """Look, stage and claim, each if its time has come."""
        if now >= self._look_at:
            self._look(now)
        if now >= max(self._claim_at, self._pause_until) and self._shares.room:
            self._claim(now)

    def claim_woken(self, now: float) -> None:
        """Claim for who was just woken: whatever the others have to send, a company that has one event waits for no
        claim of theirs."""
        if now >= self._woken.serve_at and self._shares.room:
            self._claim_few(now)

    def release(self, jobs: Iterable[Claimed]) -> None:
        """These are finished or handed back: there is room, perhaps for what the last claim had to leave."""
        for job in jobs:
            self._shares.release(job.company, job.trust, len(job.body or b""))
            self._hosts.release((job.company, job.host))
            self._released += 1
        # Many at a time: a claim for each row that was finished would cost more than the rows.
        if self._left_something and 2 * self._released >= self._taken:
            self._claim_soon()

    def claim_later(self, now: float) -> None:
        """Something came back unsent, and can be claimed again: not at once, or it might come back at once."""
        self._claim_at = min(self._claim_at, now + BUSY_SECONDS)
        self._another_round = True

    def expect(self, outcomes: Iterable[Outcome], now: float) -> None:
        """Some of these are tried again: not later than they are due."""
        wait = min((outcome.wait for outcome in outcomes if outcome.state == "pending"), default=NEVER)
        self._look_at = min(self._look_at, now + max(wait, LOOK_SECONDS))

    def _look(self, now: float) -> None:
        look = outbox.look()
        staged = outbox.stage() if look.to_stage else 0
        if staged or look.to_claim:
            self._claim_soon()
        if look.tests:
            self._take(outbox.claim_paused_tests(token=self._token, lease=self._lease), time.monotonic())
        waits = [seconds for seconds in (look.ready_seconds, look.due_seconds) if seconds is not None and seconds > 0]
        wait = LOOK_SECONDS if staged >= STAGED_AT_ONCE else min(waits, default=IDLE_SECONDS)
        self._look_at = now + min(IDLE_SECONDS, max(LOOK_SECONDS, wait))

    def _claim(self, now: float) -> None:
        rows = outages.limit_claim(min(self.rows_at_once(), self._shares.room))
        if not rows:
            self._claim_at = now + IDLE_SECONDS
            return
        limits = Limits(
            rows=rows,
            company=self._shares.company,
            alone=self._shares.alone,
            held=self._shares.companies,
            failing=self._shares.failing,
            unknown=self._shares.unknown,
            window=self._paces.first,
            windows=self._paces.windows(),
            host=self._hosts.first,
            hosts=self._hosts.rooms(now),
        )
        began = time.monotonic()
        claim = outbox.claim(token=self._token, lease=self._lease, limits=limits, position=self._position)
        now = time.monotonic()
        known.CLAIM_SECONDS.observe(now - began)
        self._left_something = claim.more or claim.cut or claim.skipped
        self._taken, self._released = len(claim.rows), 0
        if claim.rows:
            self._rows = _rows_for(len({job.company for job in claim.rows}))
        elif claim.cut:  # to look at more in turn
            self._rows = CLAIM_ROWS_OF_MANY
        self._take(claim.rows, now)
        if len(claim.rows) > PAUSE_ABOVE and self.rows_at_once() <= CLAIM_ROWS_OF_SOME:
            self._pause_until = now + (now - began)
        self._another_round |= bool(claim.rows)
        if claim.rows and (claim.cut or len(claim.rows) >= limits.rows):
            self._claim_at = 0.0
        elif claim.cut:
            self._claim_at = now + CUT_SECONDS
        elif claim.skipped and self._another_round:
            self._claim_at = 0.0
        else:
            self._claim_at = now + BUSY_SECONDS if claim.more or claim.skipped else NEVER
        if not claim.cut:
            self._another_round = False
        if claim.next_seconds is not None:
            self._look_at = min(self._look_at, now + max(LOOK_SECONDS, claim.next_seconds))

    def _claim_few(self, now: float) -> None:
        """All that the woken companies have available, where that is little and nothing limits it; the rest is left to
        the other claim."""
        woken, others = self._woken.take(now)
        companies = [company for company in woken if self._has_room(company, now)]
        if others or len(companies) < len(woken):
            self._claim_soon()
        if companies:
            self._woken.use(now, len(companies))
        parts = [companies[begin : begin + FEW_COMPANIES] for begin in range(0, len(companies), FEW_COMPANIES)]
        while parts:
            part = parts.pop(0)
            room = min(self._shares.room, self._shares.unknown)
            found = None
            if outages.limit_claim(min(room, FEW_ROWS)) == FEW_ROWS:
                found = outbox.claim_few(token=self._token, lease=self._lease, companies=part, slow=self._paces.slow())
                if found is None and len(part) > 1:  # each by itself: it may be for one of them only
                    parts += [[company] for company in part]
                    continue
            if found is None:
                self._woken.leave(part, now)
                self._claim_soon()
                continue
            self._take(found.rows, time.monotonic())
            if found.more:
                self._claim_at = min(self._claim_at, now + BUSY_SECONDS)

    def _has_room(self, company: int, now: float) -> bool:
        """Whether the company may have as much more as the short claim takes."""
        return (
            self._shares.company - self._shares.companies[company] >= MOST_OF_COMPANY
            and self._hosts.room_of_company(company, now) >= MOST_OF_COMPANY
        )

    def _claim_soon(self) -> None:
        """There may be something, perhaps before the position of the next claim."""
        self._claim_at = 0.0
        self._another_round = True

    def _take(self, jobs: list[Claimed], now: float) -> None:
        if jobs:
            known.CLAIMED.add(by=len(jobs))
            for job in jobs:
                if job.company != self._company:
                    self._others_at = now if self._company else self._others_at
                    self._company = job.company
                self._shares.take(job.company, job.trust, len(job.body or b""))
                self._hosts.take((job.company, job.host), now)
            if any(job.batch for job in jobs) and outbox.gather(jobs, lease=self._lease):
                self._left_something = True
            self._give(jobs, now)


def _rows_for(companies: int) -> int:
    if companies >= MANY_COMPANIES:
        return CLAIM_ROWS_OF_MANY
    return CLAIM_ROWS_OF_SOME if companies >= SOME_COMPANIES else CLAIM_ROWS
