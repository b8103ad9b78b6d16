"""Whether this cluster sends at all: a copy of a database is quiet until it is released (`maintenance/copies.py`)."""

from __future__ import annotations

import logging

from ..maintenance import copies

logger = logging.getLogger(__name__)

_told = ""


def is_quiet() -> bool:
    """Ask before anything is sent. Each process logs once why it sends nothing."""
    global _told
    why = copies.settle()
    if why and why != _told:
        logger.warning("%s", why)
    _told = why
    return bool(why)
