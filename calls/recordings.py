"""Recordings that their provider gives only to whoever logs in. Providers register who knows the login."""

from __future__ import annotations

from collections.abc import Callable

from subscriptions.delivery.remote_files import Login

from .models import Call

Find = Callable[[Call], Login | None]
_registered: list[Find] = []


def register(find: Find) -> None:
    """`find` returns the login for a call's recording, or None if that is none of its provider's or needs none."""
    _registered.append(find)


def find_login(call: Call) -> Login | None:
    return next((login for find in _registered if (login := find(call)) is not None), None)
