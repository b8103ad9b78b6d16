"""How many examples a property test takes. `./dev test` takes a third of them, the same each time, so that a run fails
for what was changed and for nothing else. `EXAMPLES=all` takes all, new ones each time."""

from __future__ import annotations

import os

from hypothesis import settings

ALL = os.environ.get("EXAMPLES") == "all"


def examples(everything: int) -> int:
    return everything if ALL else everything // 3


def choose_examples() -> None:
    """Before a test module is loaded."""
    settings.register_profile("callhooks", derandomize=not ALL)
    settings.load_profile("callhooks")
