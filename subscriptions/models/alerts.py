from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .access import Membership
from .company import Company
from .fields import ResourceIdField, one_line
from .subscription import Subscription


class AlertDestination(models.Model):
    """Where alerts of a company go: a chat, a webhook of one's own, or a member's mail address.

    Chats and webhooks have an endpoint: a subscription of its own that no list shows and no event matches. Alerts are
    deliveries to it, so they are sent, retried, limited, logged and deleted like all others. Its URL is stored
    encrypted: whoever knows the URL of a chat can write there."""

    class Kind(models.TextChoices):
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        GOOGLE_CHAT = "googlechat", "Google Chat"
        WEBHOOK = "webhook", "Your own webhook"
        MAIL = "mail", "Email"

    class Alert(models.TextChoices):
        FAILING = "failing", "A subscription is failing"
        RECOVERED = "recovered", "It has recovered"
        DISABLED = "disabled", "It was disabled"
        GIVEN_UP = "given_up", "We stopped trying a webhook"
        SUMMARY = "summary", "A daily summary"

    resource_id = ResourceIdField(prefix="ALD")
    company = models.ForeignKey(Company, models.CASCADE, related_name="alert_destinations", db_index=False)
    # Whose it is; null: the company's. A person's own ends with the membership.
    member = models.ForeignKey(
        Membership, models.CASCADE, null=True, blank=True, editable=False, related_name="alert_destinations"
    )
    kind = models.CharField("where", max_length=10, choices=Kind.choices)
    name = models.CharField(
        max_length=100, validators=[one_line], help_text="Your own name for it, for example: #webhooks in Slack."
    )
    email = models.EmailField("email address", blank=True, default="", help_text="The address of a member.")
    endpoint = models.OneToOneField(
        Subscription, models.PROTECT, null=True, editable=False, related_name="alert_destination"
    )
    alerts = ArrayField(models.CharField(max_length=10, choices=Alert.choices))
    # Of which subscriptions it tells; none: of all.
    subscriptions = models.ManyToManyField(
        Subscription, blank=True, related_name="+", help_text="Choose none to hear about all."
    )
    active = models.BooleanField("on", default=True, db_default=True)
    # The daily summary: at what hour in the company's time zone, when it is due next, and the last day it told of.
    summary_hour = models.PositiveSmallIntegerField(default=8, db_default=8, validators=[MaxValueValidator(23)])
    summary_due_at = models.DateTimeField(null=True, editable=False)
    summary_of = models.DateField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index("company", "name", name="alert_destination_of_company"),
            # The sweep's look at the summaries that are due.
            models.Index("summary_due_at", condition=Q(summary_due_at__isnull=False), name="alert_summary_due"),
        ]

    def __str__(self) -> str:
        return self.name


class EndpointNews(models.Model):
    """What was told of an endpoint, and what is the case (`endpoints/endpoint_changes.py`). There is a row only once
    there was something to tell. Its lock makes sure that nothing is told twice."""

    class State(models.TextChoices):
        WELL = "well", "Well"
        FAILING = "failing", "Failing"
        DISABLED = "disabled", "Disabled"

    subscription = models.OneToOneField(Subscription, models.CASCADE, primary_key=True, related_name="news")
    told = models.CharField(max_length=10, choices=State.choices, default=State.WELL)
    seen = models.CharField(max_length=10, choices=State.choices, default=State.WELL)
    changed_at = models.DateTimeField(db_default=Now())
    failing_since = models.DateTimeField(null=True)
    # As in `endpoints.damping.Known`.
    untold = models.PositiveIntegerField(default=0, db_default=0)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    sent = models.PositiveIntegerField(default=0, db_default=0)
    tell_at = models.DateTimeField(null=True)
    # Webhooks given up that alerts have not told yet, and when they did last.
    given_up = models.PositiveIntegerField(default=0, db_default=0)
    given_up_told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # What the sweep looks at beside endpoints that fail.
            models.Index(
                "subscription",
                condition=~Q(seen="well") | Q(tell_at__isnull=False) | Q(given_up__gt=0),
                name="endpoint_news_open",
            ),
        ]

    def __str__(self) -> str:
        return f"News of {self.subscription_id}"


class GivenUpDelivery(models.Model):
    """A delivery that was given up and is still to be told of; written with its outcome, where somebody wants to
    know (`delivery/outbox/finishing.py`)."""

    delivery_id = models.BigIntegerField(primary_key=True)  # no foreign key: retention need not know of this table

    def __str__(self) -> str:
        return f"Given up: {self.delivery_id}"
