"""Secrets of a configuration file: never in plain, but as `env:NAME` or `file:PATH`."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SIGNS = re.compile(r"[^A-Z0-9]+")
REFERENCE = re.compile(r"(env|file):(.+)")
LONGEST_FILE = 100_000  # bytes: a certificate chain is a few thousand


class NoSecret(Exception):
    """The reference is none, or leads to nothing; the message says what to do."""


def name_for(*words: str) -> str:
    """`env:CALLHOOKS_ACME_CRM_TOKEN`: what an export writes."""
    return "env:CALLHOOKS_" + _SIGNS.sub("_", "_".join(words).upper()).strip("_")


def check(reference: object) -> str:
    if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
        raise NoSecret("is a secret, which does not belong in this file. Write env:NAME or file:PATH.")
    return reference


def resolve(reference: str) -> str | None:
    """The secret; None if the variable is not set, or the file not there."""
    found = REFERENCE.fullmatch(reference)
    assert found is not None
    kind, name = found.groups()
    if kind == "env":
        return os.environ.get(name) or None
    path = Path(name)
    if not path.is_file():
        return None
    if path.stat().st_size > LONGEST_FILE:
        raise NoSecret(f"leads to a file of more than {LONGEST_FILE:,} bytes.")
    return path.read_text("utf-8").rstrip("\r\n")
