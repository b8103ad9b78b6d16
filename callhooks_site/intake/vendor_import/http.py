"""The one place where the import opens connections: through the service's guarded session."""

from __future__ import annotations

from collections.abc import Mapping

from .client import Answer, Get, NoAnswer


def guarded_get() -> Get:
    raise NotImplementedError


__all__ = ["Answer", "Mapping", "NoAnswer", "guarded_get"]
