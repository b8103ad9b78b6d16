"""Subjects whose waiting time is over, such as a call that waits for its recording: have their producer look again."""

from __future__ import annotations

import logging
from itertools import groupby

from . import catalogue, streams

logger = logging.getLogger(__name__)


def ring() -> int:
    """Look at every subject that is due. Returns how many. One that fails is told in the log and tried again a few
    minutes later; the others go on."""
    due = streams.due()
    for kind, members in groupby(sorted(due), key=lambda item: item[0]):
        for _, subject_id in members:
            try:
                catalogue.kind(kind).look([subject_id])
            except Exception:  # whatever is wrong with one subject must not stop the others
                logger.exception("Could not look at %s, whose waiting time is over", subject_id)
                streams.look_again_later(subject_id)
    return len(due)
