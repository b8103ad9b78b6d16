"""A company with a call, and the webhook that came of it."""

from __future__ import annotations

import pytest

from subscriptions.models import Delivery
from tests.support import factories
from tests.support.admin import login


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def subscription(company):
    return factories.make_subscription(company)


@pytest.fixture
def call(company, subscription):
    return factories.ended_call(company)


@pytest.fixture
def delivery(call):
    return Delivery.objects.get()
