"""The error of a file in which nothing can be read."""

from __future__ import annotations


class BadFile(Exception):
    """Nothing in the file can be read; the message says why."""
