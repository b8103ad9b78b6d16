from __future__ import annotations

import pytest

from tests.support.factories import make_company, make_tracker


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def tracker(company):
    return make_tracker(company)
