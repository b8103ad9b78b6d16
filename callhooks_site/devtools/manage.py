"""`./dev COMMAND …`: manage.py in the development environment, with the database of `./dev run` running."""

from __future__ import annotations

import os
import sys

from callhooks_site.devtools.database import lasting_database
from callhooks_site.devtools.foreground import run_foreground
from callhooks_site.devtools.state import (
    DevError,
    environment,
    kept_secrets,
    make_state_folder,
    state_folder,
)


def main(arguments: list[str]) -> int:
    """Returns the command's exit code; 1 if there is no database."""
    try:
        state = state_folder("run")
        make_state_folder(state)
        secrets = kept_secrets(state)
        with lasting_database(state) as url:
            env = environment(url, secrets)
            # The psql of dbshell ignores the host option of DATABASE_URL.
            env.setdefault("PGHOST", os.fspath(state / "pg"))
            return run_foreground([sys.executable, "manage.py", *arguments], env)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
