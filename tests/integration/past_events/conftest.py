from __future__ import annotations

import pytest

from subscriptions.feed import horizon
from tests.support import factories


@pytest.fixture(autouse=True)
def _transactions_are_over(monkeypatch):
    """A test is one transaction, which would be waited for."""
    monkeypatch.setattr(horizon, "mark", lambda: 0)


@pytest.fixture
def company():
    return factories.make_company(recording_expected=False, transcription_expected=False)
