"""How many sockets this process may have open."""

from __future__ import annotations

import logging
import resource

logger = logging.getLogger(__name__)

OTHERS = 256  # descriptors that are not connections: files, the database, pipes


def allow_connections(wanted: int) -> int:
    """Raise the process's soft limit to what `wanted` connections need, as far as its hard limit lets it. Returns how
    many connections it has room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted + OTHERS if hard == resource.RLIM_INFINITY else min(wanted + OTHERS, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        soft = limit
    room = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - OTHERS)
    if room < wanted:
        logger.warning(
            "Only %d connections can be open at a time, %d are wanted: raise the limit of open files (LimitNOFILE in "
            "systemd, ulimit -n), or lower DELIVERY_IN_FLIGHT.", room, wanted,
        )  # fmt: skip
    return max(1, room)
