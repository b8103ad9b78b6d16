"""`check_integrity`: the same command as `audit`, under the name that people look for."""

from __future__ import annotations

from .audit import Command

__all__ = ["Command"]
