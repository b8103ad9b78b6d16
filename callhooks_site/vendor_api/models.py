"""What the API remembers between two requests (these tables are unlogged: a crash of the server forgets them), and
counts of calls by the hour."""

from __future__ import annotations

from django.db import models

from subscriptions.models import ApiKey, Company


class RequestCount(models.Model):
    """How many requests a key has sent in the current hour and day (`throttling.py`)."""

    api_key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="+")
    hour = models.DateTimeField()
    hourly = models.PositiveIntegerField()
    day = models.DateTimeField()
    daily = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"Requests of {self.api_key_id}"


class ListPosition(models.Model):
    """The page of a list that a key read last, and between which rows it lies (`positions.py`)."""

    pk = models.CompositePrimaryKey("api_key_id", "digest")
    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=32)  # of the list and its parameters
    page = models.PositiveIntegerField()
    began_after = models.CharField(max_length=400, blank=True)
    ended_at = models.CharField(max_length=400)
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Page {self.page} of a list"


class EmptyIntegration(models.Model):
    """A company's Webhooks integration without any URL, which its subscriptions cannot tell: a client made it so, and
    may add one later (`integrations.py`). Where there are subscriptions it says nothing."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    disabled = models.BooleanField(default=False)
    conditions = models.JSONField(null=True)  # its filter, which its next subscriptions get

    def __str__(self) -> str:
        return f"Empty integration of {self.company_id}"


class CallTotal(models.Model):
    """Calls of a company that began in one hour (UTC) and are alike in everything else here. Spam is not counted.
    Kept by `totals_upkeep.py`, read by `call_totals.py`."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    tracker = models.ForeignKey("calls.Tracker", models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    source = models.CharField(max_length=200)
    direction = models.CharField(max_length=10)
    answered = models.BooleanField()
    voicemail = models.BooleanField()
    calls = models.PositiveIntegerField()
    seconds = models.BigIntegerField()
    good_leads = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "hour"], name="call_total_of_company")]

    def __str__(self) -> str:
        return f"{self.calls} calls of {self.hour:%Y-%m-%d %H}h"


class CallTotalMark(models.Model):
    """An hour whose calls have changed since they were counted. Triggers on the table of calls write it, so whatever
    changes calls, and by whatever way, is seen."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    hour = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["company", "hour"], name="call_total_mark")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h of {self.company_id}"


class CallTotalState(models.Model):
    """How far the calls of a company that were there before are counted. Once complete, all that has no mark is."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    reached = models.DateTimeField(null=True)
    complete = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Totals of {self.company_id}"
