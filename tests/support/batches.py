"""A subscription that gets several events in one request, and events for it."""

from __future__ import annotations

from subscriptions.models import Subscription
from tests.support.factories import make_call, make_subscription


def batching_one(company, url="http://127.0.0.1:9/hooks", events=None, **more) -> Subscription:
    return make_subscription(company, url, events or ["pre_call"], **({"batch_events": 5, "batch_seconds": 60} | more))


def calls(company, tracker, number):
    return [make_call(company, tracker) for _ in range(number)]


def sizes(jobs):
    return [len(job.parts()) for job in jobs]
