from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .company import Company
from .subscription import Subscription


class HourlyFigures(models.Model):
    """What became of a subscription's tries in an hour (UTC), counted by `figures.py` from attempts that are written
    once: each is counted once, whatever becomes of its delivery later."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    delivered = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()  # tries after which the webhook was given up
    retried = models.PositiveIntegerField()  # failed tries after which it was tried again
    # Of the delivered: how many took how long from the event to the answer, by `figures.BOUNDS`.
    latency = ArrayField(models.PositiveIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "hour"], name="figures_once_an_hour")]
        indexes = [
            models.Index("company", "hour", name="figures_of_company"),
            models.Index("hour", name="figures_of_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h of {self.subscription_id}"


class FiguresMark(models.Model):
    """One row: the attempts up to `counted_to` are in the figures. Those up to `next_to` are next, as soon as every
    transaction that writes attempts and began before `next_at` is over: until then one with a lower id could still
    appear."""

    counted_to = models.BigIntegerField(default=0)
    next_to = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Figures up to attempt {self.counted_to}"
