"""The wait of a post_call for its recording lies in the database: killing everything meanwhile changes nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.crash.cluster import running_cluster
from tests.support.events import types_of
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def test_post_call_fires_when_its_time_has_come_though_the_cluster_was_killed(
    receiver: Receiver, tmp_path: Path, settings
):
    settings.POST_CALL_WAIT_SECONDS = 4
    company = make_company()
    make_subscription(company, url=receiver.url, events=["post_call"])
    now = timezone.now()
    with running_cluster(tmp_path / "cluster.log", POST_CALL_WAIT_SECONDS="4") as cluster:
        call = make_call(
            company,
            start_time=now - timedelta(seconds=30),
            routed_at=now - timedelta(seconds=20),
            answered_at=now - timedelta(seconds=20),
            ended_at=now,
        )
        cluster.kill()
        assert "post_call" not in types_of(call)
        cluster.start()
        receiver.wait_for(1)
    assert types_of(call).count("post_call") == 1
    assert receiver.got[0].headers["Callhooks-Event"] == "post_call"
