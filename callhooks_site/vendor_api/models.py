"""What the API remembers between two requests (these tables are unlogged: a crash of the server forgets them), and
counts of calls by the day and month."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

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


class CallDay(models.Model):
    """Calls of a company that began on one day, in its time zone, and are alike in what lists filter by. Spam is not
    counted. Kept by `totals_upkeep.py`, read by `counted_days.py`."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    direction = models.CharField(max_length=10)
    answered = models.BooleanField()
    voicemail = models.BooleanField()
    device = models.CharField(max_length=10)  # desktop, mobile, or empty
    lead_status = models.CharField(max_length=10)  # good_lead, not_a_lead, or empty
    calls = models.PositiveIntegerField()
    seconds = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "day"], name="call_day_of_company")]

    def __str__(self) -> str:
        return f"{self.calls} calls on {self.day}"


class CallDayBySource(models.Model):
    """The same of one tracking number and source. One table with all of these columns would have a row for nearly each
    call."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    tracker = models.ForeignKey("calls.Tracker", models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    source = models.CharField(max_length=200)
    calls = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    seconds = models.BigIntegerField()
    good_leads = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "day"], name="call_day_source_of_company")]

    def __str__(self) -> str:
        return f"{self.calls} calls on {self.day} from {self.source}"


class CallMonth(models.Model):
    """Calls of a company that began in one month and are alike in all of that together. By the day there would be a row
    for nearly each call. Kept by `month_upkeep.py`, read by `counted_months.py`."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()  # its first day
    tracker = models.ForeignKey("calls.Tracker", models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    source = models.CharField(max_length=200)
    direction = models.CharField(max_length=10)
    answered = models.BooleanField()
    voicemail = models.BooleanField()
    device = models.CharField(max_length=10)
    lead_status = models.CharField(max_length=10)
    calls = models.PositiveIntegerField()
    seconds = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "month"], name="call_month_of_company")]

    def __str__(self) -> str:
        return f"{self.calls} calls in {self.month:%B %Y}"


class CallMonthState(models.Model):
    """Whether a month is counted as its days are, or when it is to be counted."""

    pk = models.CompositePrimaryKey("company_id", "month")
    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    counted = models.BooleanField()
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(counted=False), name="call_month_due")]

    def __str__(self) -> str:
        return f"{self.month:%B %Y} of {self.company_id}"


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
    time_zone = models.CharField(max_length=64, default="", db_default="")  # whose days were counted
    reached = models.DateTimeField(null=True)
    complete = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Totals of {self.company_id}"
