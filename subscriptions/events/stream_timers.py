"""Timers of event streams: when a subject's wait is over (a call has waited for its recording), its producer publishes
what is due.

Invariant: a subject stays due until its producer has handled it. A process that dies or loses the database first leaves
it to the next one. Only an error of the producer postpones it.
"""

from __future__ import annotations

import logging
from itertools import groupby

from django.db import InterfaceError, OperationalError

from . import catalogue, streams

logger = logging.getLogger(__name__)

# After an error in one subject's data: many of these must not hold up subjects that would succeed.
ERROR_SECONDS = 300
# After a deadlock or a timeout, which ends with the other transaction.
CONFLICT_SECONDS = 5
# SQLSTATE prefixes of a lost connection. When the connection breaks in between, there is no SQLSTATE at all.
_CONNECTION_GONE = ("08", "57P", "25P03")


def publish_due() -> int:
    """Have producers publish for every subject that is due. Returns how many there were. A failing subject is logged
    and postponed; the others go on. Raises OperationalError or InterfaceError when the database connection is lost: the
    subjects that are left stay due."""
    due = streams.due()
    for kind, members in groupby(sorted(due), key=lambda item: item[0]):
        for _, subject_id in members:
            try:
                catalogue.kind(kind).publish_due([subject_id])
            except (OperationalError, InterfaceError) as error:
                if _connection_gone(error):
                    raise
                logger.warning("Could not publish what is due for %s; trying again soon: %s", subject_id, error)
                streams.postpone(subject_id, in_seconds=CONFLICT_SECONDS)
            except Exception:  # one subject must not stop the others
                logger.exception("Could not publish what is due for %s", subject_id)
                streams.postpone(subject_id, in_seconds=ERROR_SECONDS)
    return len(due)


def _connection_gone(error: Exception) -> bool:
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(_CONNECTION_GONE)
