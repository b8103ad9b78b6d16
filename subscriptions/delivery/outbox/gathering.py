"""Several events in one request, for subscriptions that ask for it.

A claim takes one delivery of such an endpoint, as of any other: it leads. All that decides who may send how much
(turns, shares, breaker, rate) counts it as the one request that it is. Then others of its endpoint are claimed to go
with it, and share its claim, which is a number of their own: the request's.

Invariants
- Others are of the same lane and have had as many tries in their round: so one verdict holds for all of them, and what
  failed together is due again together.
- Where the server refused a request (4xx, 500), the next ones are half as large, and so on: one event that it never
  accepts is alone at last, and takes no other with it.
- First tries wait for others until they are due. Whichever is due first takes the others along; when there are as many
  as may go, the oldest is made due (`send_full`), by whoever writes the last of them.
- They stand in the order in which they happened. In an ordered subscription none goes without the earlier ones of its
  call.
- A crash between the two claims, or before the outcome is written, leaves leases that end, as ever: then one leads
  again, and the others go with it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection

from ...lib.ids import uuid7
from ..batching import FRAME_BYTES, MOST_BYTES
from .cursors import by_index
from .rows import CLAIMED_ROW, WITH_ITS_ROWS, Claimed, Together, claimed_columns, host_of, sent_body

# Rows that are looked at for those that go along: a server that fails now and then leaves many that had more tries or
# fewer, and nobody is served meanwhile. It takes a millisecond.
MOST_SEEN = 1_000


def _may_go_along(row: str) -> str:
    return f"""{row}.state = 'pending' AND {row}.batch = lead.kind AND {row}.id <> lead.id
           AND {row}.attempts - {row}.round_began_after = lead.tries
           AND ({row}.due_at <= statement_timestamp() OR ({row}.claim IS NULL AND (
                {row}.lane = 0
                -- The claim put these off by a second, because they were behind the leading one.
                OR (lead.ordered AND {row}.due_at <= statement_timestamp() + interval '1 s'))))"""


# Of the attempts, that of the leading one is counted already. Test events go alone.
_GATHER = f"""
WITH lead AS MATERIALIZED (
    SELECT l.id, asked.batch, l.subscription_id AS endpoint, l.lane, l.batch AS kind, s.ordered, s.batch_lines AS lines,
           l.attempts - 1 - l.round_began_after AS tries,
           CASE WHEN e.test OR s.state <> 'active' OR s.batch_events IS NULL THEN 1
                WHEN l.status_code BETWEEN 400 AND 500 AND l.status_code NOT IN (408, 425, 429)
                THEN greatest(1, s.batch_events::int >> least(15, l.attempts - 1 - l.round_began_after))
                ELSE s.batch_events::int END AS most
      FROM unnest(%(leads)s::bigint[], %(tokens)s::uuid[], %(batches)s::uuid[]) AS asked (id, token, batch)
      JOIN subscriptions_delivery l ON l.id = asked.id AND l.claim = asked.token
      JOIN subscriptions_event e ON e.id = l.event_id
      JOIN subscriptions_subscription s ON s.id = l.subscription_id
), found AS MATERIALIZED (
    SELECT rows.id, lead.batch, rows.lost
      FROM lead CROSS JOIN LATERAL (
        SELECT d.id, d.claim AS lost FROM subscriptions_delivery d
         WHERE {_may_go_along("d")} AND d.id = ANY (ARRAY(
            SELECT w.id
              FROM (SELECT * FROM subscriptions_delivery w
                     WHERE w.subscription_id = lead.endpoint AND w.lane = lead.lane AND w.state = 'pending'
                     ORDER BY w.due_at LIMIT {MOST_SEEN}) w
             WHERE {_may_go_along("w")} ORDER BY w.due_at LIMIT lead.most - 1))
           FOR UPDATE SKIP LOCKED) rows
), together AS (
    SELECT id, batch, NULL::uuid AS lost, true AS leads FROM lead
     UNION ALL
    SELECT id, batch, lost, false FROM found
), possible AS MATERIALIZED (
    SELECT t.id, t.batch, t.lost, t.leads, e.subject_id, e.sequence, e.created_at,
           coalesce(octet_length({sent_body()}), 0) + %(frame)s AS bytes
      FROM together t
      JOIN lead ON lead.batch = t.batch
      JOIN subscriptions_delivery d ON d.id = t.id
      JOIN subscriptions_event e ON e.id = d.event_id
     WHERE t.leads
        OR (NOT e.test AND NOT (lead.ordered AND EXISTS (
            SELECT FROM (SELECT id FROM subscriptions_event p
                          WHERE p.subject_id = e.subject_id AND p.sequence < e.sequence OFFSET 0) p
              JOIN subscriptions_delivery b ON b.event_id = p.id AND b.subscription_id = lead.endpoint
               AND b.state IN ('pending', 'held') AND b.id NOT IN (SELECT id FROM together))))
), placed AS (
    -- No event before an earlier one of its call, though that may have been written later in their transaction.
    SELECT timed.*, row_number() OVER (PARTITION BY batch ORDER BY moment, sequence, id) AS place
      FROM (SELECT possible.*, max(created_at) OVER (PARTITION BY batch, subject_id ORDER BY sequence) AS moment
              FROM possible) timed
), fitting AS MATERIALIZED (
    SELECT id, batch, lost, leads, place, leads OR sum(CASE WHEN leads THEN 0 ELSE bytes END) OVER (
               PARTITION BY batch ORDER BY place) + sum(CASE WHEN leads THEN bytes ELSE 0 END) OVER (PARTITION BY batch)
           <= %(bytes)s AS fits
      FROM placed
), led AS (
    UPDATE subscriptions_delivery d SET claim = lead.batch FROM lead WHERE d.id = lead.id
), lost AS (
    INSERT INTO subscriptions_attempt
           (delivery_id, number, outcome, started_at, url, request_headers, response_headers, response_body,
            response_truncated, error, message, batch)
    SELECT d.id, d.attempts, 'lost', d.due_at - make_interval(secs => %(lease)s), s.url, '[]', '[]', '', false, 'lost',
           'The worker stopped before the answer was recorded; the request may have arrived.', f.lost
      FROM fitting f
      JOIN subscriptions_delivery d ON d.id = f.id
      JOIN subscriptions_subscription s ON s.id = d.subscription_id
     WHERE f.fits AND f.lost IS NOT NULL
        ON CONFLICT (delivery_id, number) DO NOTHING
), joined AS (
    UPDATE subscriptions_delivery d
       SET attempts = d.attempts + 1, claim = f.batch, stage = 0,
           due_at = clock_timestamp() + make_interval(secs => %(lease)s)
      FROM fitting f
     WHERE d.id = ANY (ARRAY(SELECT id FROM fitting WHERE fits AND NOT leads)) AND f.id = d.id + 0  -- no way to the row
    RETURNING f.batch AS of_batch, f.place, {CLAIMED_ROW}
), sent AS (
    SELECT d.of_batch, d.place, {claimed_columns(host=host_of("s.url"), trust="1")} FROM joined d {WITH_ITS_ROWS}
)
SELECT lead.id, lead.batch, lead.kind, lead.lines, own.place,
       (SELECT count(*) FROM found WHERE found.batch = lead.batch) >= greatest(1, lead.most - 1)
       OR EXISTS (SELECT FROM fitting WHERE fitting.batch = lead.batch AND NOT fits), sent.*
  FROM lead
  JOIN fitting own ON own.id = lead.id
  LEFT JOIN sent ON sent.of_batch = lead.batch
"""

# Rows that another writer holds are left to it: publishing waits for nobody.
_WAITING = """w.subscription_id = asked.endpoint AND w.lane = 0 AND w.state = 'pending' AND w.stage = 0
           AND w.claim IS NULL AND w.batch > 0"""
_SEND_FULL = f"""
UPDATE subscriptions_delivery d SET stage = 1, due_at = clock_timestamp()
 WHERE d.id = ANY (ARRAY(
    SELECT oldest.id
      FROM (SELECT s.id AS endpoint, s.batch_events AS events FROM subscriptions_subscription s
             WHERE s.id = ANY (%s::bigint[]) AND s.batch_events IS NOT NULL) asked
     CROSS JOIN LATERAL (
        SELECT w.id FROM subscriptions_delivery w
         WHERE {_WAITING}
           AND (SELECT count(*) FROM (SELECT FROM subscriptions_delivery w WHERE {_WAITING} LIMIT asked.events) enough)
               >= asked.events
         ORDER BY w.due_at LIMIT 1 FOR UPDATE SKIP LOCKED) oldest))
"""


def gather(leads: Iterable[Claimed], *, lease: float) -> bool:
    """Claim what goes with each of these that may have company, for `lease` seconds. Returns whether more of it waits
    than went along."""
    asked = {job.id: job for job in leads if job.batch}
    values = {
        "leads": list(asked),
        "batches": [uuid7() for _ in asked],
        "tokens": [job.token for job in asked.values()],
        "lease": lease,
        "frame": FRAME_BYTES,
        "bytes": MOST_BYTES,
    }
    (found,) = by_index((_GATHER, values), locked=False)
    full = set()
    placed: dict[int, list[tuple[int, Claimed]]] = {}
    for lead, batch, kind, lines, place, has_more, with_batch, with_place, *columns in found:
        job = asked[lead]
        if lead not in placed:
            job.token = batch
            job.together = Together(batch, lead, kind, lines, [])
            placed[lead] = [(place, job)]
        if has_more:
            full.add(job.endpoint)
        if with_batch is not None:
            other = Claimed(*(*columns, batch))
            other.together = job.together
            placed[lead].append((with_place, other))
    for lead, parts in placed.items():
        if (together := asked[lead].together) is not None:
            together.parts = [part for _, part in sorted(parts, key=lambda one: one[0])]
    if full:
        send_full(full)
    return bool(full)


def send_full(endpoints: Collection[int]) -> int:
    """Of these, let go at once where as many wait as may go in a request. Returns how many do."""
    with connection.cursor() as cursor:
        cursor.execute(_SEND_FULL, [sorted(endpoints)])
        return int(cursor.rowcount)
