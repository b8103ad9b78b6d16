"""Imports in the admin."""

from . import jobs

__all__ = ["jobs"]
