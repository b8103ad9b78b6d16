"""A short claim for the common case: companies that were just woken have a few deliveries, all of which can be sent at
once.

Most installations have many companies with an endpoint or two, and events come one by one. The claim that is fair among
thousands (`claiming.py`) takes 3 ms of PostgreSQL for one row, most of it to start its many parts; this one 0.4 ms. And
it waits for no other claim: one of 200 rows of somebody's flood takes 15 ms. It takes all that these companies have
available, or nothing: as soon as there is more, or anything to weigh or to put off, the other claim decides.

Two claims at the same moment may each take one row of an endpoint: one more than its window, which is there for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from ..fairness import FEW_REQUESTS
from .claim_statement import TRUSTED
from .claiming import STUCK_SECONDS
from .cursors import UNAWAITED, alone_by_index
from .rows import CLAIMED_ROW, WITH_ITS_ROWS, Claimed, claimed_columns, host_of

MOST = 16  # available rows of all these companies
# And of one. Its room in this drain, and at its hosts, must be as large before it is asked for: where there are many
# drains, each has little.
MOST_OF_COMPANY = 8
# Requests of an endpoint under way, with those of this claim. Any endpoint may have two (one that takes long gets the
# second when its drain sees the end of the first). One that answered well lately may have the events of a whole call
# and a change: they can come within the time until an outcome is written, and who is refused here costs two claims.
# To one that may not have so many in this drain, since it takes long, one at a time: others would only come back.
UNDER_WAY = 2
UNDER_WAY_TRUSTED = FEW_REQUESTS

# The limit stands in the statement: of one that is handed over the planner thinks that it is a tenth of all rows, and
# reads all subscriptions.
# Good: its endpoint is well or unknown and has few requests under way, none of them stuck; its subscription asks for no
# order and no rate. Rows that somebody else holds are left, and claimed as soon as they are available again.
_CLAIM_FEW = f"""
WITH available AS MATERIALIZED (
    SELECT rows.* FROM unnest(%(companies)s::bigint[]) AS company (id)
     CROSS JOIN LATERAL (
        SELECT id, company_id, subscription_id, claim, due_at FROM subscriptions_delivery
         WHERE state = 'pending' AND stage = 1 AND company_id = company.id
         ORDER BY company_id, subscription_id LIMIT {MOST_OF_COMPANY + 1}) rows
     LIMIT {MOST + 1}
), judged AS MATERIALIZED (
    SELECT a.id, a.subscription_id,
           CASE WHEN {TRUSTED} THEN 2 ELSE 1 END AS trust,
           count(*) OVER (PARTITION BY a.company_id) <= {MOST_OF_COMPANY}
           AND a.claim IS NULL AND a.due_at <= statement_timestamp()
           AND s.state = 'active' AND NOT s.ordered AND s.rate_per_minute IS NULL
           AND h.failing_since IS NULL AND coalesce(h.opened, 0) = 0
           AND (h.open_until IS NULL OR h.open_until <= statement_timestamp())
           AND (count(*) OVER (PARTITION BY a.subscription_id) + flying.number = 1
                OR count(*) OVER (PARTITION BY a.subscription_id) + flying.number
                   <= CASE WHEN a.subscription_id = ANY (%(slow)s::bigint[]) THEN 1
                           WHEN {TRUSTED} THEN {UNDER_WAY_TRUSTED} ELSE {UNDER_WAY} END
                   AND s.batch_events IS NULL
                   AND (flying.until > statement_timestamp() + make_interval(secs => %(lease)s - {STUCK_SECONDS}))
                       IS NOT FALSE) AS good
      FROM available a
     CROSS JOIN LATERAL (
        SELECT count(*) AS number, min(due_at) AS until
          FROM (SELECT f.due_at FROM subscriptions_delivery f
                 WHERE f.subscription_id = a.subscription_id AND f.claim IS NOT NULL
                   AND f.due_at > statement_timestamp() LIMIT {UNDER_WAY_TRUSTED}) counted) flying
      JOIN subscriptions_subscription s ON s.id = a.subscription_id
      LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = a.subscription_id
), simple AS MATERIALIZED (
    SELECT count(*) <= {MOST} AND coalesce(bool_and(good), true) AS yes FROM judged
), locked AS MATERIALIZED (
    SELECT d.id FROM subscriptions_delivery d
     WHERE (SELECT yes FROM simple) AND d.id = ANY (ARRAY(SELECT id FROM judged))
       AND d.due_at <= statement_timestamp()  -- only pending ones have it
       AND (d.stage = 1) IS TRUE  -- said so that no partial index looks better than the key
       FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE subscriptions_delivery d
       SET attempts = d.attempts + 1, claim = %(token)s, stage = 0,
           due_at = clock_timestamp() + make_interval(secs => %(lease)s)
     WHERE d.id = ANY (ARRAY(SELECT id FROM locked))
    RETURNING {CLAIMED_ROW}
)
SELECT (SELECT yes FROM simple), (SELECT count(*) FROM judged) > (SELECT count(*) FROM locked),
       CASE WHEN %(unawaited)s THEN {UNAWAITED} END, sent.*
  FROM (SELECT 1) one
  LEFT JOIN (SELECT {claimed_columns(host=host_of("s.url"), trust="judged.trust")}
               FROM claimed d JOIN judged ON judged.id = d.id {WITH_ITS_ROWS}) sent ON true
"""


class FewClaimed(NamedTuple):
    """`more`: a row was left, because somebody else holds it at the moment."""

    rows: list[Claimed]
    more: bool


def claim_few(*, token: UUID, lease: float, companies: Sequence[int], slow: Sequence[int] = ()) -> FewClaimed | None:
    """Claim all that these companies have available for `lease` seconds, if that is little and simple; None if it is
    not. `slow`: endpoints that may have less under way than FEW_REQUESTS."""
    unawaited = not connection.in_atomic_block
    values: dict[str, Any] = {
        "token": token,
        "lease": lease,
        "companies": list(companies),
        "slow": list(slow),
        "unawaited": unawaited,
    }
    found = alone_by_index(_CLAIM_FEW, values)
    is_simple, more = found[0][:2]
    if not is_simple:
        return None
    return FewClaimed([Claimed(*(*row[3:], token)) for row in found if row[3] is not None], more)
