from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from ..delivery import outbox
from .subscription import Subscription


class EndpointHealthManager(models.Manager["EndpointHealth"]):
    def forget(self, subscription_id: int) -> None:
        """Start the health record over: the URL changed, or a person resumed the subscription."""
        self.filter(pk=subscription_id).update(
            window_began=Now(),
            window_good=0,
            window_bad=0,
            open_until=None,
            retry_after_until=None,
            opened=0,
            failing_since=None,
            failing_days=0,
            told_owner_at=None,
            told_warning_at=None,
            told_disabled_at=None,
            # What waits goes to it now, in steps (`delivery/forwarding.py`).
            forward_mode=1,
            forward_batch=0,
            forward_began_at=Now(),
            forward_at=Now(),
        )
        outbox.make_ready([subscription_id])


class EndpointHealth(models.Model):
    """How a subscription's endpoint has been answering; written with the outcomes (`delivery/endpoint_health.py`).

    Invariants
    - `failing_since` is the time of the first failure after the last success; null while the last answer was good.
    - The breaker is open until `open_until`; `opened` counts how often it opened since the last success. While it is
      above 0 and `open_until` has passed, one delivery at a time is tried.
    - `window_*` count the answers since `window_began`, and start over when the window is over.
    """

    subscription = models.OneToOneField(Subscription, models.CASCADE, primary_key=True, related_name="health")
    window_began = models.DateTimeField()
    window_good = models.PositiveIntegerField(default=0)
    window_bad = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    # Until when it asked for no request at all (`Retry-After`); the breaker is open at least until then.
    retry_after_until = models.DateTimeField(null=True)
    opened = models.PositiveIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True, default="")
    failing_since = models.DateTimeField(null=True)
    # On how many days since then, each of 24 hours, something failed.
    failing_days = models.PositiveIntegerField(default=0, db_default=0)
    # When the owner got a mail: that it is failing, that it will be disabled, and that it was.
    told_owner_at = models.DateTimeField(null=True)
    told_warning_at = models.DateTimeField(null=True)
    told_disabled_at = models.DateTimeField(null=True)
    # What waits is brought forward, the next batch at `forward_at`; see `delivery/forwarding.py`.
    forward_mode = models.PositiveSmallIntegerField(default=0, db_default=0)
    forward_batch = models.PositiveIntegerField(default=0, db_default=0)
    forward_began_at = models.DateTimeField(null=True)
    forward_at = models.DateTimeField(null=True)
    # Rate limit: the time up to which what was claimed has used up the allowed rate.
    rate_used_until = models.DateTimeField(null=True)

    objects: ClassVar[EndpointHealthManager] = EndpointHealthManager()

    class Meta:
        indexes = [
            # The sweep that tells owners and disables what only fails.
            models.Index("failing_since", condition=models.Q(failing_since__isnull=False), name="endpoint_failing"),
            # The drains' look, each second, at whose next batch is due.
            models.Index("forward_at", condition=models.Q(forward_at__isnull=False), name="endpoint_forward"),
        ]

    def __str__(self) -> str:
        return f"Health of {self.subscription_id}"


class EndpointQueue(models.Model):
    """An endpoint with parked deliveries: when it can take something again. Written by claims, and by what makes an
    endpoint ready earlier (`delivery/outbox/claiming.py`, `staging.py`); gone when nothing of it is parked."""

    subscription = models.OneToOneField(Subscription, models.CASCADE, primary_key=True, related_name="queue")
    ready_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Queue of {self.subscription_id}"
