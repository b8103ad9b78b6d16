"""Errors that mean the same in every room."""

from __future__ import annotations


class ActionRefused(Exception):
    """The action makes no sense now. The message is for people: it says why, and what to do."""
