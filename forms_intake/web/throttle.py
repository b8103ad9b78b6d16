"""Limit how many forms an address may send (FORMS_PER_MINUTE), across all processes."""

from __future__ import annotations

import math

from django.conf import settings
from django.db import connection

WINDOW = 60.0  # seconds

_COUNT = """
INSERT INTO forms_intake_senderrate AS r (address, used_until)
VALUES (%(address)s, clock_timestamp() + make_interval(secs => %(share)s))
    ON CONFLICT (address) DO UPDATE
   SET used_until = greatest(r.used_until, clock_timestamp()) + make_interval(secs => %(share)s)
 WHERE r.used_until + make_interval(secs => %(share)s) <= clock_timestamp() + make_interval(secs => %(window)s)
RETURNING 1
"""


def seconds_to_wait(address: str | None) -> int:
    """Seconds until this address may send again; 0 means now, and this form is counted. A sender without an address (a
    local socket) is not counted."""
    limit = settings.FORMS_PER_MINUTE
    if not limit or not address:
        return 0
    share = WINDOW / limit
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"address": address, "share": share, "window": WINDOW})
        return 0 if cursor.fetchone() else math.ceil(share)
