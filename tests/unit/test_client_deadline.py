"""A deadline is one moment, however often it is asked."""

from __future__ import annotations

import time

import pytest

from subscriptions.delivery.http.deadline import Deadline


def test_less_is_left_each_time_and_then_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    deadline = Deadline(2.0)
    assert deadline.left() == 2.0
    now = 1001.5
    assert deadline.left() == 0.5
    now = 1002.0
    with pytest.raises(TimeoutError):
        deadline.left()


def test_a_sooner_one_never_ends_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    whole = Deadline(10.0)
    assert whole.sooner(3.0).at == 1003.0
    now = 1009.0
    assert whole.sooner(3.0) is whole
