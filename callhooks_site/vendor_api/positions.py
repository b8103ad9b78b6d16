"""Where a walk through a list is, so that rows which arrive meanwhile move none to the next page.

Links to a next page carry the place themselves. Who counts pages up is remembered for a while: the next page begins
where the last one ended, not where its number would have it now. Without that, each call that arrives during a walk
would show one row twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from subscriptions.lib import opaque

from .errors import BadRequest

PARAMETER = "callhooks_after"
REMEMBERED = "15 minutes"

_READ = f"""
SELECT page, began_after, ended_at FROM vendor_api_listposition
 WHERE api_key_id = %s AND digest = %s AND read_at > now() - interval '{REMEMBERED}'
"""
_NOTE = f"""
WITH old AS (
    DELETE FROM vendor_api_listposition
     WHERE api_key_id = %(key)s AND digest <> %(digest)s AND read_at < now() - interval '{REMEMBERED}'
)
INSERT INTO vendor_api_listposition (api_key_id, digest, page, began_after, ended_at, read_at)
VALUES (%(key)s, %(digest)s, %(page)s, %(began)s, %(ended)s, now())
    ON CONFLICT (api_key_id, digest) DO UPDATE
   SET page = excluded.page, began_after = excluded.began_after, ended_at = excluded.ended_at,
       read_at = excluded.read_at
"""


def encode(values: Sequence[Any]) -> str:
    """Empty for a value that is too long to be a position, such as a long URL: its place has the page's number only."""
    text = opaque.encode([value.isoformat() if isinstance(value, datetime) else str(value) for value in values])
    return text if len(text) <= opaque.LONGEST else ""


def decode(text: str, read: Callable[[str], Any]) -> tuple[Any, int]:
    """The value of the row's sort field, as `read` makes it of its text, and its key."""
    try:
        value, key = opaque.decode(text, 2)
        return read(value), opaque.parse_number(key)
    except ValueError:
        raise BadRequest(f"{PARAMETER} is not ours. Follow the link to the next page as it is.") from None


def digest_of(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    given = sorted(pair for pair in parameters if pair[0] not in ("page", PARAMETER))
    return hashlib.sha256(json.dumps([path, given]).encode()).hexdigest()[:32]


def recall(key: int, digest: str, page: int) -> str | None:
    """After which row this page begins: empty for the list's first row, None where nobody knows."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [key, digest])
        row = cursor.fetchone()
    if row is None:
        return None
    known, began_after, ended_at = row
    return str(ended_at) if page == known + 1 else str(began_after) if page == known else None


def note(key: int, digest: str, page: int, began_after: str, ended_at: str) -> None:
    if len(began_after) > 400 or len(ended_at) > 400:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"key": key, "digest": digest, "page": page, "began": began_after, "ended": ended_at})
