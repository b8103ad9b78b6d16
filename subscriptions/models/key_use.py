"""Find the key of a request and count the request: one statement, which every request of a program runs."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from django.db import connection
from django.utils import timezone

from ..database.prepared import fetch_prepared, prepared_cursor
from .access import ApiKey
from .columns import Columns
from .company import Company

WINDOW = 60.0  # seconds
# "Last used" helps people find unused keys. Updating it on every request would cost a write per read.
LAST_USED_INTERVAL = timedelta(minutes=5)

_KEY, _COMPANY = Columns(ApiKey, "k"), Columns(Company, "c", without=["signing_key", "default_conditions"])

# GCRA: one time per key, up to which its requests have used the rate. Each request adds its share of the window. A
# request that would move the time further ahead than the window changes nothing and returns no row.
_FIND_AND_COUNT = """
WITH counted AS (
    INSERT INTO subscriptions_apikeyrate AS r (api_key_id, used_until)
    SELECT id, clock_timestamp() + make_interval(secs => %(share)s::float8)
      FROM subscriptions_apikey
     WHERE hashed = %(hashed)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())
       AND %(share)s::float8 > 0
        ON CONFLICT (api_key_id) DO UPDATE
       SET used_until = greatest(r.used_until, clock_timestamp()) + make_interval(secs => %(share)s::float8)
     WHERE r.used_until + make_interval(secs => %(share)s::float8)
           <= clock_timestamp() + make_interval(secs => %(window)s::float8)
    RETURNING extract(epoch FROM used_until - clock_timestamp())::float8 AS used
)
"""
_USED = """
SELECT extract(epoch FROM used_until - clock_timestamp())::float8 FROM subscriptions_apikeyrate WHERE api_key_id = %s
"""
# It does not wait for the disk: a crash of the database may forget it, as the interval does.
_NOTE_USE = "UPDATE subscriptions_apikey SET last_used_at = clock_timestamp() WHERE id = %s::bigint RETURNING id"
_NOTE_USE_WITHOUT_WAIT = f"{_NOTE_USE}, set_config('synchronous_commit', 'off', true)"


def find_key(secret: str, *, a_minute: int) -> ApiKey | None:
    """The key with this secret, usable or not, with its company (without the company's signing key). The request of a
    usable key is counted; `a_minute`: how many it may send, 0: any number."""
    share = WINDOW / a_minute if a_minute else 0.0
    rows = fetch_prepared(_find_and_count(), {"hashed": ApiKey.hash(secret), "share": share, "window": WINDOW})
    if not rows:
        return None
    row = rows[0]
    key = _KEY.build(row, 1)
    assert key is not None
    key.company = _COMPANY.build(row, 1 + len(_KEY))
    key.rate_used = row[0]
    return key


@cache
def _find_and_count() -> str:
    return (
        f"{_FIND_AND_COUNT} SELECT (SELECT used FROM counted), {_KEY.sql}, {_COMPANY.sql} "
        "FROM subscriptions_apikey k LEFT JOIN subscriptions_company c ON c.id = k.company_id "
        "WHERE k.hashed = %(hashed)s"
    )


def seconds_used(key: ApiKey) -> float:
    """Of the key's rate limit, as it is now."""
    with prepared_cursor() as cursor:
        cursor.execute(_USED, [key.pk])
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0


def note_use(key: ApiKey) -> None:
    """Note when the key was last used, to some minutes."""
    if key.last_used_at is None or timezone.now() - key.last_used_at > LAST_USED_INTERVAL:
        with prepared_cursor() as cursor:
            cursor.execute(_NOTE_USE if connection.in_atomic_block else _NOTE_USE_WITHOUT_WAIT, [key.pk])
