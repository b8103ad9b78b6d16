"""The statement of a claim (`claiming.py` says what it promises).

Trust in an endpoint: 0 it fails, or has a request stuck; 1 nothing is known of it; 2 it answered well lately.
`statement_timestamp()` is the time of the claim, which an index can be asked for; the lock was taken before it.
"""

from __future__ import annotations

from .rows import CLAIMED_ROW, WITH_ITS_ROWS, claimed_columns, host_of, sent_body

# An endpoint, with its health h, that answered well lately.
TRUSTED = "h.last_success_at > statement_timestamp() - interval '10 min'"
# Each company with something available, and of each some endpoints with something available: one descent of an index
# for each, whatever lies between.
_CONSIDERED = """
WITH RECURSIVE company (id) AS (
    (SELECT company_id FROM subscriptions_delivery
      WHERE state = 'pending' AND stage = 1 AND company_id > %(after_company)s ORDER BY company_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.company_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.stage = 1 AND d.company_id > company.id ORDER BY d.company_id LIMIT 1)
      FROM company WHERE company.id IS NOT NULL
), companies AS MATERIALIZED (
    SELECT company.id, coalesce(cut.endpoint, 0) AS after
      FROM (SELECT id FROM company WHERE id IS NOT NULL LIMIT %(companies_per_claim)s) company
      LEFT JOIN unnest(%(cut_companies)s::bigint[], %(after_endpoints)s::bigint[]) AS cut (company, endpoint)
        ON cut.company = company.id
), endpoint_share AS MATERIALIZED (
    SELECT greatest(2, %(endpoints_per_claim)s / greatest(1, count(*)))::int AS number FROM companies
), walked AS MATERIALIZED (
    SELECT companies.id AS company, endpoint.id
      FROM companies CROSS JOIN LATERAL (
        WITH RECURSIVE step (id) AS (
            (SELECT subscription_id FROM subscriptions_delivery
              WHERE state = 'pending' AND stage = 1 AND company_id = companies.id
                AND subscription_id > companies.after ORDER BY subscription_id LIMIT 1)
            UNION ALL
            SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
                     WHERE d.state = 'pending' AND d.stage = 1 AND d.company_id = companies.id
                       AND d.subscription_id > step.id ORDER BY d.subscription_id LIMIT 1)
              FROM step WHERE step.id IS NOT NULL
        )
        SELECT id FROM step WHERE id IS NOT NULL LIMIT (SELECT number FROM endpoint_share)
      ) endpoint
), considered AS MATERIALIZED (
    SELECT id, bool_or(queued) AS queued
      FROM (SELECT id, false AS queued FROM walked
             UNION ALL
            (SELECT subscription_id, true FROM subscriptions_endpointqueue
              WHERE ready_at <= statement_timestamp() ORDER BY ready_at LIMIT %(endpoints_per_claim)s)) found
     GROUP BY id
),
"""

# What each may take, or until when it can take nothing.
_ENDPOINT = f"""
endpoint AS MATERIALIZED (
    SELECT facts.*, least(window_room, rate_room) AS room,
           CASE WHEN NOT active THEN statement_timestamp() + make_interval(secs => %(inactive)s)
                WHEN open_until > statement_timestamp() THEN open_until
                WHEN host_room <= 0 THEN statement_timestamp() + make_interval(secs => host_rest)
                WHEN window_room <= 0 AND (queued OR half_open OR stuck)
                THEN statement_timestamp() + make_interval(secs => %(busy)s)
                WHEN rate_room <= 0 THEN rate_at END AS parked_until
      FROM (
        SELECT considered.id, considered.queued, s.company_id AS company, s.ordered, s.rate_per_minute, s.host,
               s.state = 'active' AS active, h.open_until, coalesce(h.opened > 0, false) AS half_open,
               coalesce(flying.since < statement_timestamp() - make_interval(secs => %(stuck)s), false) AS stuck,
               coalesce(held.rows, 0) AS held,
               coalesce(host.room, %(host_room)s) AS host_room, coalesce(host.rest, 0) AS host_rest,
               flying.number AS flying, rate.burst, random() AS lot,
               -- One that gets several events in a request gets one request at a time.
               CASE WHEN h.opened > 0 OR s.batch_events IS NOT NULL THEN 1
                    ELSE coalesce(windows.size, %(window)s) END - flying.number AS window_room,
               -- The clock is looked at twice, microseconds apart: a whole second's worth must not become one less.
               CASE WHEN s.rate_per_minute IS NOT NULL THEN floor(0.01 +
                    extract(epoch FROM statement_timestamp() - greatest(h.rate_used_until,
                                                                        statement_timestamp() - rate.burst))
                    * s.rate_per_minute / 60.0
                    + CASE WHEN s.rate_per_minute < 60 AND coalesce(h.rate_used_until <= statement_timestamp(), true)
                           THEN 1 ELSE 0 END) END AS rate_room,
               CASE WHEN s.rate_per_minute < 60 THEN h.rate_used_until
                    ELSE h.rate_used_until + make_interval(secs => 60.0 / s.rate_per_minute) END AS rate_at,
               CASE WHEN h.failing_since IS NOT NULL
                      OR flying.since < statement_timestamp() - make_interval(secs => %(stuck)s) THEN 0
                    WHEN {TRUSTED} THEN 2
                    ELSE 1 END AS trust
          FROM considered
         CROSS JOIN LATERAL (
            SELECT sub.*, <host> AS host
              FROM subscriptions_subscription sub WHERE sub.id = considered.id) s
          LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = considered.id
          LEFT JOIN unnest(%(endpoints)s::bigint[], %(windows)s::int[]) AS windows (id, size)
            ON windows.id = considered.id
          LEFT JOIN unnest(%(held_companies)s::bigint[], %(held_rows)s::int[]) AS held (company, rows)
            ON held.company = s.company_id
          LEFT JOIN unnest(%(host_companies)s::bigint[], %(host_names)s::text[], %(host_rooms)s::int[],
                           %(host_rests)s::float8[]) AS host (company, name, room, rest)
            ON host.company = s.company_id AND host.name = s.host
         CROSS JOIN LATERAL (
            SELECT count(*)::int AS number, min(f.due_at) - make_interval(secs => %(lease)s) AS since
              FROM subscriptions_delivery f
             WHERE f.subscription_id = considered.id AND f.claim IS NOT NULL AND f.due_at > statement_timestamp()
         ) flying
         -- A second's worth may go at once; of less than one a second, one at a time.
         CROSS JOIN LATERAL (
            SELECT CASE WHEN s.rate_per_minute < 60 THEN interval '0' ELSE interval '1 s' END AS burst) rate
      ) facts
),
"""

# Its due rows, the oldest of each lane first. Those of an ordered subscription that an earlier event of the same call
# keeps back say until when. One more than may be taken shows that there is more.
_CANDIDATES = """
candidate AS MATERIALIZED (
    SELECT endpoint.id AS endpoint, endpoint.company, endpoint.host, endpoint.room, endpoint.host_room,
           endpoint.held, endpoint.trust, endpoint.flying, endpoint.lot, lanes.lane, due.id, due.place, due.behind
      FROM endpoint
     CROSS JOIN (VALUES (0), (1)) AS lanes (lane)
     CROSS JOIN LATERAL (
        SELECT first.id, row_number() OVER (ORDER BY first.behind IS NOT NULL, first.due_at) AS place, first.behind
          FROM (SELECT d.id, d.due_at, CASE WHEN endpoint.ordered THEN (
                        SELECT least(CASE b.state WHEN 'pending'
                                          THEN greatest(b.due_at, statement_timestamp() + interval '1 s') END,
                                     statement_timestamp() + make_interval(secs => %(order_seconds)s))
                          -- One by one: an event, the earlier ones of its call, the delivery of each.
                          FROM (SELECT p.id, p.sequence FROM subscriptions_event e
                                  JOIN subscriptions_event p
                                    ON p.subject_id = e.subject_id AND p.sequence < e.sequence
                                 WHERE e.id = d.event_id ORDER BY p.sequence OFFSET 0) p
                         CROSS JOIN LATERAL (
                            SELECT state, due_at FROM subscriptions_delivery
                             WHERE event_id = p.id AND subscription_id + 0 = endpoint.id
                               AND state IN ('pending', 'held') OFFSET 0) b
                         ORDER BY p.sequence LIMIT 1) END AS behind
                  FROM subscriptions_delivery d
                 WHERE d.subscription_id = endpoint.id AND d.lane = lanes.lane AND d.state = 'pending'
                   AND d.due_at <= statement_timestamp()
                 ORDER BY d.due_at
                 LIMIT 1 + least(endpoint.room, greatest(1, %(share)s / (SELECT count(*) FROM endpoint)))
                       + CASE WHEN endpoint.ordered THEN %(ordered_look)s ELSE 0 END
          ) first
     ) due
     WHERE endpoint.room > 0 AND endpoint.parked_until IS NULL
),
"""

# Turns: first within the endpoint, then within the host, then among a company's endpoints, then among companies. Who
# has less under way comes first; equals draw lots.
_CHOSEN = """
company_limit AS MATERIALIZED (
    SELECT CASE WHEN count(DISTINCT company) > 1 THEN %(company_limit)s ELSE %(alone_limit)s END AS number
      FROM candidate WHERE behind IS NULL
), by_endpoint AS (
    SELECT candidate.*, row_number() OVER (
           PARTITION BY endpoint
           ORDER BY CASE lane WHEN 0 THEN place / (1 - %(late_share)s::float8)
                              ELSE (place - random()) / %(late_share)s::float8 END) AS turn
      FROM candidate WHERE behind IS NULL
), by_host AS (
    SELECT by_endpoint.*, row_number() OVER (PARTITION BY company, host ORDER BY turn + flying, lot) AS host_turn
      FROM by_endpoint WHERE turn <= room
), by_company AS (
    SELECT by_host.*, row_number() OVER (PARTITION BY company ORDER BY turn + flying, lot) AS company_turn
      FROM by_host WHERE host_turn <= host_room
), by_trust AS (
    SELECT id, trust, lot, company_turn + held AS company_turn,
           row_number() OVER (PARTITION BY trust ORDER BY company_turn + held, lot) AS trust_turn
      FROM by_company WHERE company_turn + held <= (SELECT number FROM company_limit)
), chosen AS MATERIALIZED (
    SELECT id FROM by_trust
     WHERE trust_turn <= CASE trust WHEN 0 THEN %(failing_allowed)s WHEN 1 THEN %(unknown_allowed)s ELSE %(limit)s END
     ORDER BY company_turn, lot
     LIMIT %(limit)s
), reached AS MATERIALIZED (
    SELECT d.id, d.claim AS lost_claim,
           (SELECT octet_length(<body>) FROM subscriptions_event e WHERE e.id = d.event_id) AS bytes
      FROM subscriptions_delivery d
     WHERE d.id = ANY (ARRAY(SELECT id FROM chosen)) AND d.due_at <= statement_timestamp()  -- only pending ones have it
       FOR UPDATE SKIP LOCKED
), locked AS MATERIALIZED (
    -- As many as may be in memory, the small ones first, so that large ones keep none of these back. To know a size no
    -- body is read.
    SELECT id, lost_claim
      FROM (SELECT id, lost_claim, sum(bytes) OVER (ORDER BY bytes, id) - bytes AS before FROM reached) sized
     WHERE coalesce(before, 0) < %(bytes)s
),
"""

# What waits is put off: rows behind another, and all available rows of endpoints that can take nothing.
_PARKED = """
kept_back AS MATERIALIZED (
    SELECT id, behind FROM candidate WHERE behind IS NOT NULL
), behind AS (
    UPDATE subscriptions_delivery d SET stage = 0, due_at = kept_back.behind
      FROM kept_back
     WHERE d.id = ANY (ARRAY(SELECT id FROM kept_back))
       AND kept_back.id = d.id + 0  -- no index: the array is the way to the rows, once, and not for each candidate
       AND (d.state = 'pending' AND d.claim IS NULL) IS TRUE  -- said so that no partial index looks better than the key
), unready AS MATERIALIZED (
    SELECT id, company, parked_until FROM endpoint WHERE parked_until IS NOT NULL
), parked AS (
    UPDATE subscriptions_delivery d SET stage = 2
     WHERE d.id = ANY (ARRAY(
        SELECT rows.id FROM unready
         CROSS JOIN LATERAL (
            SELECT a.id FROM subscriptions_delivery a
             WHERE a.company_id = unready.company AND a.subscription_id = unready.id AND a.state = 'pending'
               AND a.stage = 1
             LIMIT %(parked_of_endpoint)s FOR UPDATE SKIP LOCKED) rows
         LIMIT %(parked_at_once)s))
), queued AS (
    INSERT INTO subscriptions_endpointqueue AS q (subscription_id, ready_at)
    SELECT id, parked_until FROM unready
        ON CONFLICT (subscription_id) DO UPDATE SET ready_at = excluded.ready_at
), emptied AS (
    DELETE FROM subscriptions_endpointqueue q USING endpoint
     WHERE q.subscription_id = endpoint.id AND endpoint.queued AND endpoint.room > 0 AND endpoint.parked_until IS NULL
       -- Asked of each by itself. As NOT EXISTS it may become a join, which reads all parked rows for each endpoint
       -- when statistics say that there are few: seconds under the claim lock.
       AND (SELECT true FROM subscriptions_delivery d
             WHERE d.subscription_id = endpoint.id AND d.state = 'pending' AND d.stage = 2
               AND d.id <> ALL (ARRAY(SELECT id FROM locked)) LIMIT 1) IS NULL
),
"""

_CLAIMED = """
lost AS (
    INSERT INTO subscriptions_attempt
           (delivery_id, number, outcome, started_at, url, request_headers, response_headers, response_body,
            response_truncated, error, message, batch)
    SELECT d.id, d.attempts, 'lost', d.due_at - make_interval(secs => %(lease)s), s.url, '[]', '[]', '', false, 'lost',
           'The worker stopped before the answer was recorded; the request may have arrived.',
           CASE WHEN d.batch > 0 AND s.batch_events IS NOT NULL THEN locked.lost_claim END
      FROM locked
     CROSS JOIN LATERAL (SELECT * FROM subscriptions_delivery WHERE id = locked.id LIMIT 1) d
     CROSS JOIN LATERAL (SELECT * FROM subscriptions_subscription WHERE id = d.subscription_id LIMIT 1) s
     WHERE locked.lost_claim IS NOT NULL
        ON CONFLICT (delivery_id, number) DO NOTHING
), claimed AS (
    UPDATE subscriptions_delivery d
       SET attempts = d.attempts + 1, claim = %(token)s, stage = 0,
           due_at = clock_timestamp() + make_interval(secs => %(lease)s)
     WHERE d.id = ANY (ARRAY(SELECT id FROM locked))
    RETURNING <row>
), rate_used AS (
    INSERT INTO subscriptions_endpointhealth AS h
           (subscription_id, window_began, window_good, window_bad, opened, last_failure, rate_used_until)
    SELECT endpoint.id, clock_timestamp(), 0, 0, 0, '',
           clock_timestamp() + make_interval(secs => (60.0 / endpoint.rate_per_minute) * count(*))
      FROM claimed JOIN endpoint ON endpoint.id = claimed.subscription_id AND endpoint.rate_per_minute IS NOT NULL
     GROUP BY endpoint.id, endpoint.rate_per_minute
        ON CONFLICT (subscription_id) DO UPDATE SET rate_used_until =
           greatest(h.rate_used_until, clock_timestamp() - (SELECT burst FROM endpoint WHERE id = h.subscription_id))
           + (excluded.rate_used_until - clock_timestamp())
)
, ends AS MATERIALIZED (
    -- Of every company that was looked at: one with nothing behind where this claim ended begins anew. Without the look
    -- behind, every third claim found nothing where companies have two claims' worth of endpoints.
    SELECT seen.company,
           CASE WHEN seen.number >= (SELECT number FROM endpoint_share) AND EXISTS (
                     SELECT FROM subscriptions_delivery d
                      WHERE d.state = 'pending' AND d.stage = 1 AND d.company_id = seen.company
                        AND d.subscription_id > seen.last)
                THEN seen.last ELSE 0 END AS last
      FROM (SELECT companies.id AS company, count(walked.id) AS number, max(walked.id) AS last
              FROM companies LEFT JOIN walked ON walked.company = companies.id GROUP BY companies.id) seen
)
SELECT (SELECT CASE WHEN count(*) >= %(companies_per_claim)s AND EXISTS (
                         SELECT FROM subscriptions_delivery d
                          WHERE d.state = 'pending' AND d.stage = 1
                            AND d.company_id > (SELECT max(id) FROM companies))
                    THEN max(id) ELSE 0 END FROM companies),
       (SELECT array_agg(company) FROM ends), (SELECT array_agg(last) FROM ends),
       (SELECT count(*) FROM candidate WHERE behind IS NULL) > (SELECT count(*) FROM locked)
       OR EXISTS (SELECT 1 FROM endpoint WHERE room <= 0 AND parked_until IS NULL),
       extract(epoch FROM least((SELECT min(parked_until) FROM unready), (SELECT min(candidate.behind) FROM candidate))
                          - clock_timestamp())::float8,
       sent.*
  FROM (SELECT 1) one
  LEFT JOIN (SELECT <columns> FROM claimed d JOIN endpoint ON endpoint.id = d.subscription_id <its rows>) sent ON true
"""

_COLUMNS = claimed_columns(host="endpoint.host", trust="endpoint.trust")
CLAIM = (
    _CONSIDERED
    + _ENDPOINT.replace("<host>", host_of("sub.url"))
    + _CANDIDATES
    + _CHOSEN.replace("<body>", sent_body())
    + _PARKED
    + _CLAIMED.replace("<columns>", _COLUMNS).replace("<row>", CLAIMED_ROW).replace("<its rows>", WITH_ITS_ROWS)
)
