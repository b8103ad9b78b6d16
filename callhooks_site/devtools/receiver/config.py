"""The receiver's port, and the folder of its keys and its record."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
DEFAULT_PORT = 8001


class BadSetting(Exception):
    """An environment variable that cannot be used; the message says which and why."""


def var_folder() -> Path:
    """The folder of demo.json and the records: `CALLHOOKS_VAR`, or `var` in the project."""
    chosen = os.environ.get("CALLHOOKS_VAR", "")
    return Path(chosen).expanduser() if chosen else PROJECT / "var"


def receiver_port() -> int:
    """`RECEIVER_PORT`, or 8001. 0 lets the system choose one."""
    text = os.environ.get("RECEIVER_PORT", "") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise BadSetting(f"RECEIVER_PORT is {text!r}, which is not a port. Use a number from 0 to 65535.")
    return int(text)
