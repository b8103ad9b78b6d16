"""What is known of endpoints, written with the outcomes; and switching off the ones that want no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from ..counters.known import BREAKERS_OPENED
from ..database.prepared import prepared_cursor
from . import forwarding, outages, outbox
from .breaker import Health, after
from .forwarding import Mode
from .outbox import Outcome

# An endpoint that is known to be well is not written to the table with every batch, only this often.
WRITTEN_EVERY_SECONDS = 15.0
# Good news of endpoints that were well when they were claimed is written together, after so long at most: with many
# endpoints and few events, each answer would be a transaction more, and a third write to the disk.
GOOD_NEWS_SECONDS = 1.0

_READ = """
SELECT subscription_id, extract(epoch FROM window_began)::float8, window_good, window_bad,
       extract(epoch FROM open_until)::float8, opened, extract(epoch FROM last_success_at)::float8,
       extract(epoch FROM last_failure_at)::float8, last_failure, extract(epoch FROM failing_since)::float8,
       extract(epoch FROM retry_after_until)::float8, failing_days
  FROM subscriptions_endpointhealth WHERE subscription_id = ANY (%s::bigint[]) ORDER BY subscription_id FOR UPDATE
"""

# Failing for less than that is a hiccup, and its retries come soon by themselves.
FAILED_SECONDS = 60.0

_WRITE = """
INSERT INTO subscriptions_endpointhealth
       (subscription_id, window_began, window_good, window_bad, open_until, opened, last_success_at, last_failure_at,
        last_failure, failing_since, retry_after_until, failing_days)
SELECT id, to_timestamp(began), good, bad, to_timestamp(open_until), opened, to_timestamp(success),
       to_timestamp(failure), reason, to_timestamp(since), to_timestamp(asked_until), days
  FROM unnest(%s::bigint[], %s::float8[], %s::int[], %s::int[], %s::float8[], %s::int[], %s::float8[], %s::float8[],
              %s::text[], %s::float8[], %s::float8[], %s::int[])
    AS n (id, began, good, bad, open_until, opened, success, failure, reason, since, asked_until, days)
 WHERE EXISTS (SELECT 1 FROM subscriptions_subscription s WHERE s.id = n.id)
 ORDER BY id
    ON CONFLICT (subscription_id) DO UPDATE SET
       window_began = excluded.window_began, window_good = excluded.window_good, window_bad = excluded.window_bad,
       open_until = excluded.open_until, opened = excluded.opened, last_success_at = excluded.last_success_at,
       last_failure_at = excluded.last_failure_at, last_failure = excluded.last_failure,
       failing_since = excluded.failing_since, retry_after_until = excluded.retry_after_until,
       failing_days = excluded.failing_days
"""


@dataclass(slots=True)
class Answers:
    good: int = 0
    bad: int = 0
    reason: str = ""
    retry_after: float = 0.0


@dataclass(slots=True)
class EndpointBook:
    """One drain's way of noting answers; `scale` multiplies the breaker's breaks. It remembers which
    endpoints it found well, to write those seldom. Failures, and successes after failures, are written at once."""

    scale: float = 1.0
    _well_since: dict[int, float] = field(default_factory=dict)
    _good_news: dict[int, int] = field(default_factory=dict)  # endpoint → good answers that are not written yet
    _good_news_since: float = 0.0

    def note(self, outcomes: Sequence[Outcome], *, now: float) -> None:
        """`now`: seconds since 1970 by the database's clock."""
        answers: defaultdict[int, Answers] = defaultdict(Answers)
        failing = set()
        for outcome in outcomes:
            if outcome.ours:
                continue
            if outcome.claimed.trust == 0:  # it failed, for another drain too: that it is well again must be written
                self._well_since.pop(outcome.claimed.endpoint, None)
                failing.add(outcome.claimed.endpoint)
            answer = answers[outcome.claimed.endpoint]
            if outcome.state == "delivered":
                answer.good += 1
            else:
                answer.bad += 1
                answer.reason = outcome.reason
                answer.retry_after = max(answer.retry_after, outcome.retry_after)
        gone = {outcome.claimed.endpoint for outcome in outcomes if outcome.gone}
        for endpoint in [e for e, answer in answers.items() if not answer.bad and self._is_well(e, now)]:
            del answers[endpoint]
        for endpoint in [e for e, answer in answers.items() if not answer.bad and e not in failing]:
            self._good_news_since = self._good_news_since if self._good_news else now
            self._good_news[endpoint] = self._good_news.get(endpoint, 0) + answers.pop(endpoint).good
        if answers:
            self._write(dict(answers), now)
        self.write_good_news(now)
        outages.suspect({outcome.error for outcome in outcomes if outcome.error and not outcome.ours})
        if gone:
            disable(gone, "The server answered 410 Gone: it wants no more webhooks.")

    @property
    def has_news(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._good_news)

    def write_good_news(self, now: float, *, all_of_it: bool = False) -> None:
        """Write what has waited long enough."""
        if not self._good_news or not (all_of_it or now - self._good_news_since >= GOOD_NEWS_SECONDS):
            return
        self._write({endpoint: Answers(good=good) for endpoint, good in self._good_news.items()}, now, late=True)
        self._good_news.clear()

    def _is_well(self, endpoint: int, now: float) -> bool:
        return now - self._well_since.get(endpoint, 0.0) < WRITTEN_EVERY_SECONDS

    def _write(self, answers: dict[int, Answers], now: float, *, late: bool = False) -> None:
        with transaction.atomic(), prepared_cursor() as cursor:
            cursor.execute(_READ, [list(answers)])
            known = {row[0]: Health(*row[1:]) for row in cursor.fetchall()}
            if late:  # what failed meanwhile is not well because of an answer before that
                answers = {e: a for e, a in answers.items() if e not in known or known[e].failing_since is None}
            healths = {
                endpoint: after(
                    known.get(endpoint, Health(window_began=now)),
                    good=a.good,
                    bad=a.bad,
                    reason=a.reason,
                    now=now,
                    scale=self.scale,
                    retry_after=a.retry_after,
                )
                for endpoint, a in answers.items()
            }
            cursor.execute(
                _WRITE,
                [
                    list(healths),
                    [h.window_began for h in healths.values()],
                    [h.good for h in healths.values()],
                    [h.bad for h in healths.values()],
                    [h.open_until for h in healths.values()],
                    [h.opened for h in healths.values()],
                    [h.last_success for h in healths.values()],
                    [h.last_failure for h in healths.values()],
                    [h.reason for h in healths.values()],
                    [h.failing_since for h in healths.values()],
                    [h.asked_until for h in healths.values()],
                    [h.failing_days for h in healths.values()],
                ],
            )
            self._bring_forward(known, healths, now)
            if closed := [e for e, h in healths.items() if e in known and known[e].opened and not h.opened]:
                outbox.make_ready(closed)
        opened = sum(h.opened > (known[e].opened if e in known else 0) for e, h in healths.items())
        BREAKERS_OPENED.add(by=opened)
        for endpoint, health in healths.items():
            if health.failing_since is None:
                self._well_since[endpoint] = now
            else:
                self._well_since.pop(endpoint, None)

    def _bring_forward(self, known: dict[int, Health], healths: dict[int, Health], now: float) -> None:
        """What failed is well again: what waits for a retry hours away goes sooner. Where the breaker had not opened,
        the failures may be those of one event that its receiver never accepts, among others that it does."""
        before = {e: known[e] for e, h in healths.items() if e in known and h.failing_since is None}
        closed = [e for e, was in before.items() if was.opened > (was.asked_until is not None)]
        failed = [
            e
            for e, was in before.items()
            if e not in closed
            and was.failing_since is not None
            and now - was.failing_since >= FAILED_SECONDS * self.scale
        ]
        began = now - 1.0  # the success that tells of it counts
        forwarding.begin(closed, Mode.RECOVERED, now=began)
        forwarding.begin(failed, Mode.SUCCESS, now=began)


def disable(endpoints: Iterable[int], reason: str) -> list[int]:
    """Switch off active subscriptions and hold what waits for them. Returns those that were active until now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscriptions_subscription SET state = 'disabled', state_reason = %s, "
            "state_changed_at = clock_timestamp() WHERE id = ANY (%s) AND state = 'active' RETURNING id",
            [reason, sorted(endpoints)],
        )
        disabled = [row[0] for row in cursor.fetchall()]
        if disabled:
            outbox.hold(disabled)
    return disabled
