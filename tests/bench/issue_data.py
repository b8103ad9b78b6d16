"""What becomes of a company's endpoints, for benches of pages: failing ones with their issues, alert destinations,
consumers of the feed, manifests. As many of each as a company may have."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subscriptions.models import Company

FAILING = 2  # of the subscriptions
SOLVED = 200  # issues of each
MANIFESTS = 5  # days of the first subscription


def fill(company: Company, hooks: list[int]) -> None:
    """`hooks`: ids of its subscriptions, whose deliveries are there."""
    from django.utils import timezone

    from subscriptions.endpoints import destinations
    from subscriptions.feed import consumers
    from subscriptions.feed.manifests import making
    from subscriptions.models import AlertDestination, EndpointHealth, EndpointIssue, FeedConsumer, Subscription

    now = timezone.now()
    for hook in hooks[:FAILING]:
        failing = {"window_began": now, "failing_since": now - timedelta(hours=2), "last_failure_at": now,
                   "last_failure": "The server answered 503."}  # fmt: skip
        EndpointHealth.objects.update_or_create(subscription_id=hook, defaults=failing)
    made = [
        EndpointIssue(
            company=company, subscription_id=hook, answer="The server answered 503.", affected=number,
            opened_at=now - timedelta(hours=3 * (number + 1)), solved_how="delivered" if number else "",
            solved_at=now - timedelta(hours=3 * (number + 1) - 1) if number else None,
        )
        for hook in hooks
        for number in range(0 if hook in hooks[:FAILING] else 1, SOLVED)
    ]  # fmt: skip
    EndpointIssue.objects.bulk_create(made)
    for number in range(destinations.MOST_OF_COMPANY):
        destination = AlertDestination(
            company=company, kind=AlertDestination.Kind.WEBHOOK, name=f"On call {number}", alerts=["failing"]
        )
        destinations.save_new(destination, f"https://example.com/alerts/{number}")
    FeedConsumer.objects.bulk_create(
        FeedConsumer(company=company, name=f"reader-{number}") for number in range(consumers.MOST)
    )
    first = Subscription.objects.get(pk=hooks[0])
    for back in range(MANIFESTS, 0, -1):
        making.make(first, now.date() - timedelta(days=back))
