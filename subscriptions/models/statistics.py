from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .company import Company
from .subscription import Subscription


class HourlyStatistics(models.Model):
    """A subscription's attempts in one hour (UTC), counted by `maintenance/statistics.py`. An attempt is written once
    and counted once, whatever becomes of its delivery later."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    delivered = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()  # attempts after which the webhook was given up
    retried = models.PositiveIntegerField()  # failed attempts that were followed by another
    # Histogram of the delivered ones: time from the event to the answer, in the steps of `statistics.BOUNDS`.
    latency = ArrayField(models.PositiveIntegerField())

    class Meta:
        db_table = "subscriptions_hourlyfigures"
        constraints = [models.UniqueConstraint(fields=["subscription", "hour"], name="figures_once_an_hour")]
        indexes = [
            models.Index("company", "hour", name="figures_of_company"),
            models.Index("hour", name="figures_of_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h of {self.subscription_id}"


class HourSum(models.Model):
    """Sums of the hourly statistics, which a trigger on their table keeps (migration 0038): pages for many companies
    read these instead of a row for each endpoint. Rows that retention deletes there are not subtracted here."""

    hour = models.DateTimeField()
    delivered = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    retried = models.PositiveIntegerField()
    latency = ArrayField(models.PositiveIntegerField())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h"


class CompanyStatistics(HourSum):
    """Of a company."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        db_table = "subscriptions_companyhour"
        constraints = [models.UniqueConstraint(fields=["company", "hour"], name="company_once_an_hour")]
        indexes = [models.Index("hour", name="companyhour_of_hour")]


class ServiceStatistics(HourSum):
    """Of all companies."""

    hour = models.DateTimeField(primary_key=True)

    class Meta:
        db_table = "subscriptions_servicehour"


class StatisticsProgress(models.Model):
    """One row. Attempts with ids up to `counted_to` are counted. Those up to `next_to` are next, once every transaction
    that was writing attempts at `next_at` has ended: until then, a lower id could still be committed."""

    counted_to = models.BigIntegerField(default=0)
    next_to = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "subscriptions_figuresmark"

    def __str__(self) -> str:
        return f"Statistics up to attempt {self.counted_to}"
