from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from .company import Company
from .subscription import Subscription

LONGEST_NOTE = 1000


class EndpointIssue(models.Model):
    """A time in which a subscription's endpoint accepted nothing: from when it began to fail until it accepts again or
    a person says that it is solved (`subscriptions/endpoints/issues.py`).

    At most one of a subscription is open. `answer` is what it last refused with, `affected` how many of its webhooks
    were made meanwhile; both are written when it is opened and when it is solved, and read from the log in between.
    Names stand beside the users, so that they stay when a user is deleted."""

    class Solved(models.TextChoices):
        DELIVERED = "delivered", "It accepts webhooks again"
        PERSON = "person", "Marked as solved"
        REMOVED = "removed", "The subscription was removed"

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="issues", db_index=False)
    opened_at = models.DateTimeField("open since", db_default=Now())
    answer = models.CharField(max_length=300, blank=True, default="")
    affected = models.PositiveIntegerField(default=0, db_default=0)
    again = models.PositiveIntegerField(default=0, db_default=0)  # how often it failed again soon after it was solved
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    acknowledged_name = models.CharField(max_length=200, blank=True, default="")
    note = models.TextField(
        max_length=LONGEST_NOTE,
        blank=True,
        default="",
        help_text="For your colleagues: the reason, who is fixing it, and by when.",
    )
    solved_at = models.DateTimeField(null=True)
    solved_how = models.CharField(max_length=10, choices=Solved.choices, blank=True, default="")
    solved_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "issue"
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(solved_at__isnull=True), name="one_open_issue"
            ),
        ]
        indexes = [
            # The list of a company, newest first; and what is open, which is little, in front of all history.
            models.Index("company", F("opened_at").desc(), F("id").desc(), name="issue_of_company"),
            models.Index("company", "id", condition=Q(solved_at__isnull=True), name="issue_open"),
            # The history of a subscription.
            models.Index("subscription", F("opened_at").desc(), name="issue_of_subscription"),
            # For retention.
            models.Index("solved_at", condition=Q(solved_at__isnull=False), name="issue_by_solved"),
        ]

    def __str__(self) -> str:
        return str(self.subscription)

    @property
    def state(self) -> str:
        """`open`, `acknowledged` or `solved`"""
        return "solved" if self.solved_at else "acknowledged" if self.acknowledged_at else "open"
