"""`./dev listen --forward http://127.0.0.1:3000/hooks` runs docs/verify/listen.py with the address and the key of
`./dev run`, unless CALLHOOKS_API and CALLHOOKS_KEY name another service."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from callhooks_site.devtools.foreground import run_foreground
from callhooks_site.devtools.state import PROJECT
from callhooks_site.installation import PROGRAM, development_home

NAMES = {"CALLHOOKS_API": "api_url", "CALLHOOKS_KEY": "api_key"}


def main(arguments: list[str]) -> int:
    env = dict(os.environ)
    if not set(NAMES) <= set(env):
        try:
            notes = json.loads((Path(env.get("CALLHOOKS_VAR") or development_home()) / "demo.json").read_text())
            env |= {name: str(notes[noted]) for name, noted in NAMES.items()}
        except (OSError, ValueError, KeyError):
            sys.stderr.write(
                f"There is no service to listen to: start '{PROGRAM} run' first, or set CALLHOOKS_API and "
                "CALLHOOKS_KEY to those of another one.\n"
            )
            return 1
    return run_foreground([sys.executable, os.fspath(PROJECT / "docs" / "verify" / "listen.py"), *arguments], env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
