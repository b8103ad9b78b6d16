"""No connection of a dead or frozen process of a cluster holds up the others for long."""

import pytest
from django.db import connection

from subscriptions.worker import cluster_hooks

pytestmark = pytest.mark.django_db


def test_a_transaction_that_stands_still_is_ended_by_the_server():
    cluster_hooks._guard(connection)
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)
        cursor.execute("RESET ALL")
