"""Secrets of a configuration file: never in plain, but as `env:NAME` or `file:PATH`."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SIGNS = re.compile(r"[^A-Z0-9]+")
REFERENCE = re.compile(r"(env|file):(.+)")
# Whoever may change a file, and not the machine, would have them sent to an address of theirs.
OF_THE_SERVICE = frozenset(
    ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "DATABASE_DIRECT_URL", "EMAIL_URL", "WAKEUP_URL",
     "METRICS_TOKEN", "POSTGRES_PASSWORD")
)  # fmt: skip
LONGEST_FILE = 100_000  # bytes: a certificate chain is a few thousand


class NoSecret(Exception):
    """The reference is none, or leads to nothing; the message says what to do."""


def word_of(name: str) -> str:
    """A company's name as a part of a variable's. It never has two underscores in a row."""
    return _SIGNS.sub("_", name.upper()).strip("_")


def prefix_of(name: str, resource_id: str, *, shared: bool) -> str:
    """`CALLHOOKS_ACME__`. Its people choose a company's name, and no company may get another one's secrets: where the
    word is that of two, the id, which nobody chooses, is in it too."""
    word = word_of(name)
    return f"CALLHOOKS_{word or 'X'}__{resource_id[-12:].upper()}__" if shared or not word else f"CALLHOOKS_{word}__"


def name_for(prefix: str, *words: str) -> str:
    """`env:CALLHOOKS_ACME__CRM_TOKEN`: what an export writes."""
    return f"env:{prefix}{word_of('_'.join(words))}"


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
        if name in OF_THE_SERVICE:
            raise NoSecret("is a secret of the service itself. Nobody else gets it.")
        return os.environ.get(name) or None
    path = Path(name)
    if not path.is_file():
        return None
    if path.stat().st_size > LONGEST_FILE:
        raise NoSecret(f"leads to a file of more than {LONGEST_FILE:,} bytes.")
    return path.read_text("utf-8").rstrip("\r\n")
