"""Stops a private PostgreSQL when its users have ended, killed or not. Started by database.py."""

from __future__ import annotations

import sys
from pathlib import Path

from callhooks_site.devtools.database import STOPPER, USERS
from callhooks_site.devtools.locks import FileLock
from callhooks_site.devtools.postgres import PostgresServer


def main(arguments: list[str]) -> None:
    state = Path(arguments[0])
    throw_away = "--throw-away" in arguments
    stopper = FileLock(state / STOPPER)
    if not stopper.try_exclusive():
        return
    with FileLock(state / USERS) as users:
        users.exclusive()
        server = PostgresServer(state, throw_away=throw_away)
        if throw_away:
            server.destroy()
        else:
            server.stop()
        # Release this before the users' lock: the next user must see that there is no stopper.
        stopper.close()


if __name__ == "__main__":
    main(sys.argv[1:])
