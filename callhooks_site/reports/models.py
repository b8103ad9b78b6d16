"""Calls, texts and forms as they are counted by the day (`counting.py`), for reports and the home page."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from subscriptions.models import Company


def _by_hour() -> Any:
    return ArrayField(models.PositiveIntegerField(), size=24)


class Kind(models.TextChoices):
    CALL = "call", "Calls"
    TEXT = "text", "Texts"
    FORM = "form", "Forms"


class DayFigures(models.Model):
    """What came in on a day, in the company's time zone. Calls that are still ringing and spam are not counted. `total`
    is what customers did: inbound calls, received texts, forms."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=4, choices=Kind.choices)
    total = models.PositiveIntegerField()
    outbound = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    voicemail = models.PositiveIntegerField()
    abandoned = models.PositiveIntegerField()
    first_time = models.PositiveIntegerField()  # of callers who had not called before
    good_leads = models.PositiveIntegerField()
    value = models.DecimalField(max_digits=16, decimal_places=2)
    seconds_to_answer = models.BigIntegerField()  # of all that were answered, together
    hours = _by_hour()  # the total, by the hour of the day
    answered_hours = _by_hour()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.total} {self.kind}s on {self.day}"


class SourceDay(DayFigures):
    """Of one source and tracking number."""

    tracker = models.ForeignKey(
        "calls.Tracker", models.CASCADE, related_name="+", null=True, db_index=False, db_constraint=False
    )
    source = models.CharField(max_length=200)  # of itself; empty where its tracking number's is meant

    class Meta:
        indexes = [models.Index(fields=["company", "day"], name="source_day_of_company")]


class DayTotal(DayFigures):
    """Of all sources and tracking numbers together: a report of a year reads a thousand rows instead of a hundred for
    each day. Triggers of `SourceDay` write it (migration 0005), so that whoever counts a day need not know of it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "day", "kind"], name="day_total_of_kind")]


class CampaignDay(models.Model):
    """What came in on a day from one campaign and source. A table of its own: one with tracking numbers too would have
    a row for nearly each call."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    source = models.CharField(max_length=200)  # its own or that of its tracking number
    campaign = models.CharField(max_length=500)
    calls = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    good_leads = models.PositiveIntegerField()
    forms = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "day"], name="campaign_day_of_company")]

    def __str__(self) -> str:
        return f"{self.campaign} on {self.day}"
