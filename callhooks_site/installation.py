"""Where this copy of Callhooks lies, and what people call it: a clone with `./dev`, or a wheel with `callhooks`.

Templates, docs and the other files that are not Python lie beside the packages in a clone. pyproject.toml puts them
into `bundled` in the wheel.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "bundled"

IS_WHEEL = _BUNDLED.is_dir()
# Has manage.py, gunicorn.conf.py, requirements-embedded.txt, requirements-tracing.txt, templates, docs and deploy.
ROOT = _BUNDLED if IS_WHEEL else _PACKAGE.parent
PROGRAM = "callhooks" if IS_WHEEL else "./dev"
# A wheel's own folder belongs to pip, which would leave behind whatever else is written there.
STATIC_ROOT = Path(sys.prefix) / "share" / "callhooks" / "staticfiles" if IS_WHEEL else ROOT / "staticfiles"


def development_home() -> Path:
    """What `run` keeps is below this folder: the clone's `var`, or `callhooks` in the user's folder for state (XDG)."""
    if not IS_WHEEL:
        return ROOT / "var"
    chosen = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (chosen if chosen.is_absolute() else Path.home() / ".local" / "state") / "callhooks"
