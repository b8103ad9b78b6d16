"""Subjects whose waiting time is over, such as a call that waits for its recording: have their producer look again.

Invariant: a subject is due until somebody looked at it. Whoever dies on the way to it, or loses the database, leaves it
due for the next one; only a look that failed puts the time off.
"""

from __future__ import annotations

import logging
from itertools import groupby

from django.db import InterfaceError, OperationalError

from . import catalogue, streams

logger = logging.getLogger(__name__)

# What is wrong with one subject: many such must not take the place of those that would succeed.
LATER_SECONDS = 300
# A deadlock, a timeout: over as soon as another transaction is.
SOON_SECONDS = 5
# How PostgreSQL's codes begin when the connection is gone; one that it could not tell any more has no code.
_CONNECTION_GONE = ("08", "57P", "25P03")


def publish_due() -> int:
    """Look at every subject that is due. Returns how many. One that fails is told in the log and tried again later; the
    others go on. Raises OperationalError or InterfaceError when the database is lost: all that is left stays due."""
    due = streams.due()
    for kind, members in groupby(sorted(due), key=lambda item: item[0]):
        for _, subject_id in members:
            try:
                catalogue.kind(kind).publish_due([subject_id])
            except (OperationalError, InterfaceError) as error:
                if _connection_gone(error):
                    raise
                logger.warning("%s, whose waiting time is over, is looked at again soon: %s", subject_id, error)
                streams.postpone(subject_id, in_seconds=SOON_SECONDS)
            except Exception:  # whatever is wrong with one subject must not stop the others
                logger.exception("Could not look at %s, whose waiting time is over", subject_id)
                streams.postpone(subject_id, in_seconds=LATER_SECONDS)
    return len(due)


def _connection_gone(error: Exception) -> bool:
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(_CONNECTION_GONE)
