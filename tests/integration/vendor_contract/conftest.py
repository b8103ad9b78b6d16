"""A company and a client of it."""

from __future__ import annotations

import pytest

from subscriptions.models import Company
from tests.support.contract_client import ContractClient
from tests.support.factories import make_company, make_key


@pytest.fixture
def company(db: None) -> Company:
    return make_company(time_zone="America/Chicago")


@pytest.fixture
def client(company: Company) -> ContractClient:
    return ContractClient(make_key(company))
