"""A primary is lost and its standby promoted: with both in DATABASE_URL everything goes on there, except that nothing
is sent where the operator did not say that standbys are promoted by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client

from callhooks_site.databases import parse_database_url
from subscriptions.database import hosts
from subscriptions.maintenance import copies
from subscriptions.models import Company, DatabaseIdentity
from tests.support.drains import drain_until, nothing_pending, slot_connection
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver
from tests.support.replicas import Pair, running_pair

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Django uses both; a promotion changes them for good."""
    kept = dict(connection.settings_dict)
    with running_pair(migrated=True) as both:
        connection.close()
        connection.settings_dict.update(parse_database_url("DATABASE_URL", both.url))
        hosts.forget()
        try:
            yield both
        finally:
            connection.close()
            connection.settings_dict.update(kept)
            hosts.forget()


@pytest.mark.long(short="tests/integration/test_database_findings.py::test_a_standby_is_found")
def test_everything_goes_on_at_the_promoted_standby(pair: Pair, settings, receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    with slot_connection() as slot:  # a drain works
        slot.record_heartbeat()
    assert copies.settle() == ""
    make_call(company)
    pair.wait_until_equal()

    pair.primary.stop()
    with pytest.raises(OperationalError):  # the request that was under way
        Company.objects.count()
    connection.close()
    with pytest.raises(OperationalError, match="read-only"):  # until somebody promotes it
        Company.objects.count()
    pair.standby.promote()
    assert Company.objects.count() == 1
    assert Client().get("/healthz").status_code == 200
    # The server that vanished is not waited for again.
    assert connection.get_connection_params()["host"].startswith(str(pair.primary.folder))
    assert hosts.put_last_good_first(connection.get_connection_params())["host"].startswith(str(pair.standby.folder))

    assert "a standby was promoted" in copies.explain()
    settings.DATABASE_FAILOVER_SECONDS = 600
    assert copies.settle() == ""
    assert DatabaseIdentity.objects.get().timeline == 2
    settings.DATABASE_FAILOVER_SECONDS = 0
    assert copies.settle() == "", "the promotion is written down"
    make_call(company)
    drain_until(nothing_pending)
    assert len(receiver.got) == 2
