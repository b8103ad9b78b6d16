from __future__ import annotations

import pytest

from callhooks_site.privacy import jobs, who
from subscriptions.tenancy import audit_log
from tests.support.admin import Tenant
from tests.support.factories import make_subscription
from tests.support.markers import PHONE


@pytest.fixture
def ours():
    tenant = Tenant("Acme", "+12145550155")
    make_subscription(tenant.company, name="As form", encoding="form", payload_version="2026-05")
    make_subscription(tenant.company, name="Masked", shape={"mask": ["names"]})
    return tenant


@pytest.fixture
def ask():
    """Start an erasure."""

    def start(tenant, contact=PHONE):
        found = who.find(tenant.company, contact)
        return jobs.start(tenant.company, found, by=audit_log.Actor("somebody", user=tenant.admin))

    return start


@pytest.fixture
def run():
    """Take all steps."""

    def work(job):
        while jobs.run_step():
            pass
        job.refresh_from_db()
        return job

    return work
