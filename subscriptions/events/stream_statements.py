"""The SQL of event streams (`streams.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from . import versions

# Transaction id and start time: after a restore into a new server the ids begin again, the times do not.
THIS_TRANSACTION = "hashtextextended(pg_current_xact_id()::text || ' ' || extract(epoch FROM now()), 0)"

# What is given of events and of streams: column → type.
_EVENT_COLUMNS = {
    "id": "uuid", "company_id": "bigint", "type": "text", "subject_id": "text", "sequence": "int", "body": "bytea",
    "direction": "text", "versions": "text",
}  # fmt: skip
_STREAM_COLUMNS = {
    "subject_id": "text", "last_sequence": "int", "fired": "text", "watched": "jsonb", "watched_before": "jsonb",
    "wake_at": "timestamptz",
}  # fmt: skip


def _given(columns: Mapping[str, str], *, one: bool) -> str:
    """The rows that are handed over as parameters: one by its values, any number by arrays.

    Most statements write one event of one subject. By arrays they took the driver longer, and PostgreSQL, which cannot
    know how many there are, would plan them anew each time."""
    if one:
        return "SELECT " + ", ".join(f"%s::{kind} AS {name}" for name, kind in columns.items())
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    return f"SELECT * FROM unnest({arrays}) AS given ({', '.join(columns)})"


def _lock(*, one: bool) -> str:
    return f"""
INSERT INTO subscriptions_eventstream
       (subject_id, company_id, kind, last_sequence, fired, watched, watched_before, xact)
SELECT subject_id, company_id, %s, 0, '{{}}', '{{}}', '{{}}', 0
  FROM ({_given({"subject_id": "text", "company_id": "bigint"}, one=one)}) given
 ORDER BY subject_id
    ON CONFLICT (subject_id) DO UPDATE SET subject_id = excluded.subject_id
RETURNING subject_id, last_sequence, fired, watched, watched_before, wake_at,
          xact = {THIS_TRANSACTION}, clock_timestamp()
"""


# Lock the stream of a subject that exists, as a part of another statement: what `streams.read_locked` reads, and the
# version of the row.
LOCK_KNOWN = f"""
SELECT xmin AS version, subject_id, last_sequence, fired, watched, watched_before, wake_at,
       xact = {THIS_TRANSACTION} AS same, clock_timestamp() AS now
  FROM subscriptions_eventstream WHERE subject_id = {{subject}} FOR NO KEY UPDATE SKIP LOCKED"""
LOCKED = "subject_id last_sequence fired watched watched_before wake_at same now".split()


def _write_statement(streams: str, *, one: bool) -> str:
    """`streams`: what writes the streams. `one`: there is one event at most, and one stream."""
    same = "true" if one else "w.id = e.id"
    number = "(SELECT count(*) FROM wanted)" if one else "coalesce(counted.number, 0)"
    counted = "" if one else "LEFT JOIN (SELECT id, count(*) AS number FROM wanted GROUP BY id) counted USING (id)"
    return f"""
WITH given AS (
    {_given(_EVENT_COLUMNS, one=one)}
), wanted AS (
    SELECT g.id, s.id AS subscription_id, s.state, s.payload_version, s.encoding,
           -- Those are asked of calls, texts and forms; the types of events about delivery have a dot.
           CASE WHEN position('.' IN g.type) = 0 THEN coalesce(s.conditions, c.default_conditions) END AS conditions,
           s.shape, s.batch_events, CASE WHEN s.batch_events IS NOT NULL THEN s.batch_seconds END AS batch_seconds
      FROM given g
      JOIN subscriptions_company c ON c.id = g.company_id
      JOIN subscriptions_subscription s
        ON s.company_id = g.company_id AND s.state <> 'archived' AND g.type = ANY (s.events)
       AND (g.direction IS NULL OR s.call_direction IN ('both', g.direction))
       AND (g.versions IS NULL OR s.payload_version = ANY (string_to_array(g.versions, ',')))
       -- Nobody is sent an event about its own webhooks; a manifest goes to nobody else.
       AND (s.resource_id = g.subject_id) = (g.type = 'manifest.ready')
), written AS (
    INSERT INTO subscriptions_event (id, company_id, type, subject_id, sequence, body, xact, created_at, fan_out)
    SELECT g.id, company_id, type, subject_id, sequence, body, {THIS_TRANSACTION}, clock_timestamp(), {number}
      FROM given g {counted}
    RETURNING id, company_id, created_at
), fanned_out AS (
    INSERT INTO subscriptions_delivery
           (company_id, event_id, subscription_id, payload_version, encoding, state, stage, reason, due_at, created_at)
    SELECT e.company_id, e.id, w.subscription_id, w.payload_version, w.encoding,
           CASE w.state WHEN 'active' THEN 'pending' ELSE 'held' END,
           CASE w.state WHEN 'active' THEN 1 ELSE 0 END,
           CASE w.state WHEN 'active' THEN '' ELSE 'The subscription was ' || w.state || ' when this happened.' END,
           CASE w.state WHEN 'active' THEN clock_timestamp() END,
           e.created_at
      FROM written e
      JOIN wanted w ON {same} AND w.conditions IS NULL AND w.shape IS NULL AND w.batch_events IS NULL
    RETURNING state
), streams AS (
{streams}
)
-- Deliveries due now; what is still to be judged by conditions, to be shaped or to wait for others (`filtering.py`);
-- the bodies still to be built.
SELECT (SELECT count(*) FILTER (WHERE state = 'pending') FROM fanned_out),
       (SELECT jsonb_agg(jsonb_build_array(w.id, w.subscription_id, w.state, w.payload_version, w.encoding,
                                           w.conditions, e.created_at, w.batch_seconds))
          FROM wanted w JOIN written e ON {same}
         WHERE w.conditions IS NOT NULL OR w.shape IS NOT NULL OR w.batch_events IS NOT NULL),
       (SELECT jsonb_agg(DISTINCT jsonb_build_array(id, payload_version)) FROM wanted
         WHERE payload_version <> '{versions.DEFAULT}'),
       -- Each once, however many events: a shape may hold the wording of many messages.
       (SELECT jsonb_object_agg(subscription_id, shape)
          FROM (SELECT DISTINCT ON (subscription_id) subscription_id, shape FROM wanted
                 WHERE shape IS NOT NULL) shapes)
"""


def _update_streams(*, one: bool) -> str:
    return f"""
    UPDATE subscriptions_eventstream t
       SET last_sequence = n.last_sequence, fired = n.fired::text[], watched = n.watched,
           watched_before = n.watched_before, wake_at = n.wake_at, xact = {THIS_TRANSACTION}
      FROM ({_given(_STREAM_COLUMNS, one=one)}) n
     WHERE t.subject_id = n.subject_id"""


def _insert_streams(*, one: bool) -> str:
    return f"""
    INSERT INTO subscriptions_eventstream
           (subject_id, last_sequence, fired, watched, watched_before, wake_at, company_id, kind, xact)
    SELECT subject_id, last_sequence, fired::text[], watched, watched_before, wake_at, company_id, %s,
           {THIS_TRANSACTION}
      FROM ({_given({**_STREAM_COLUMNS, "company_id": "bigint"}, one=one)}) n"""


# By whether there is one stream, and one event where there is any.
LOCK = {one: _lock(one=one) for one in (True, False)}
UPDATE = {one: _update_streams(one=one) for one in (True, False)}
INSERT = {one: _insert_streams(one=one) for one in (True, False)}
# The same with events and their deliveries.
WRITE = {one: _write_statement(UPDATE[one], one=one) for one in (True, False)}
WRITE_NEW = {one: _write_statement(INSERT[one], one=one) for one in (True, False)}

WRITE_BODIES = """
INSERT INTO subscriptions_eventbody (event_id, version, body)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bytea[])
"""
# Nobody else has seen these rows. Foreign keys are checked at the commit.
WITHDRAW = """
WITH events AS (
    DELETE FROM subscriptions_event WHERE id = ANY (%s) RETURNING id
), bodies AS (
    DELETE FROM subscriptions_eventbody WHERE event_id IN (SELECT id FROM events)
), shaped AS (
    DELETE FROM subscriptions_shapedbody WHERE event_id IN (SELECT id FROM events)
), deliveries AS (
    DELETE FROM subscriptions_delivery WHERE event_id IN (SELECT id FROM events) RETURNING id
)
DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM deliveries)
"""
