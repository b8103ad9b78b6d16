"""Consumers whose place in the feed is kept here."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from ..lib.errors import ActionRefused
from ..models import Company, FeedConsumer
from .cursors import BEGINNING, Cursor
from .reading import Feed

MOST = 50  # of a company: each is counted when a page shows how far behind it is
HEARD_EVERY = timedelta(minutes=1)
COUNTED_BEHIND = 10_000  # in a few milliseconds, along an index


def feed_of(consumer: FeedConsumer, company: Company) -> Feed:
    return Feed(company, consumer.subscription, consumer.types)


def place_of(consumer: FeedConsumer) -> Cursor:
    return BEGINNING if consumer.event_id is None else Cursor(consumer.position, consumer.event_id)


def check_limit(company: Company) -> None:
    """Raises ActionRefused. Locks the company's row until the transaction ends."""
    Company.objects.select_for_update(no_key=True).filter(pk=company.pk).values_list("pk").first()
    if FeedConsumer.objects.filter(company=company).count() >= MOST:
        raise ActionRefused(f"A company has {MOST} feed consumers at most. Remove one that is no longer used.")


def acknowledge(consumer: FeedConsumer, place: Cursor) -> bool:
    """Move the consumer's place forward. Returns whether it moved: a late acknowledgement never moves it back."""
    earlier = (
        Q(event_id=None) | Q(position__lt=place.position) | Q(position=place.position, event_id__lt=place.event_id)
    )
    note_heard(consumer)
    return bool(FeedConsumer.objects.filter(earlier, pk=consumer.pk).update(**_values(place), acknowledged_at=Now()))


def move(consumer: FeedConsumer, place: Cursor) -> None:
    """Set the consumer's place, forward or back."""
    FeedConsumer.objects.filter(pk=consumer.pk).update(**_values(place))


def note_heard(consumer: FeedConsumer) -> None:
    """It read or acknowledged just now. A program asks every second or so; once a minute is worth a write."""
    if consumer.heard_at is None or timezone.now() - consumer.heard_at > HEARD_EVERY:
        FeedConsumer.objects.filter(pk=consumer.pk).update(heard_at=Now())


def _values(place: Cursor) -> dict[str, object]:
    return {
        "position": place.position,
        "event_id": None if place == BEGINNING else place.event_id,
    }
