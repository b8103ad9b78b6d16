"""Abstract models: a source that brings data in, and an item that it refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from ..models import Company
from .errors import LONGEST_DETAIL


class IntakeSource(models.Model):
    """Where a company's data comes from: a web site, an account at a phone provider."""

    refusals_count_as_received = False  # whether a refused item moves "last received" too

    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    name = models.CharField(max_length=100, help_text="A name for your own use.")
    last_received_at = models.DateTimeField("last received", null=True, editable=False)
    received = models.PositiveBigIntegerField("accepted", default=0, db_default=0, editable=False)
    refused = models.PositiveBigIntegerField("refused", default=0, db_default=0, editable=False)
    # Of these no row was kept, because too many were open.
    unlisted = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField("created", db_default=Now(), editable=False)

    class Meta:
        abstract = True
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def count_received(self) -> None:
        """Count an item that was accepted as it arrived."""
        self._update(received=F("received") + 1, last_received_at=Now())

    def count_accepted_later(self, number: int) -> None:
        """Count refused items that somebody has accepted."""
        self._update(received=F("received") + number)

    def count_refused(self, *, listed: bool) -> None:
        """Count an item that was refused; `listed` says whether a row holds it."""
        changes: dict[str, Any] = {"refused": F("refused") + 1}
        if not listed:
            changes["unlisted"] = F("unlisted") + 1
        if self.refusals_count_as_received:
            changes["last_received_at"] = Now()
        self._update(**changes)

    def _update(self, **changes: Any) -> None:
        type(self)._default_manager.filter(pk=self.pk).update(**changes)


class RefusedItem(models.Model):
    """An item that a source refused, with the reason and what is needed to accept it once the cause is fixed.

    Subclasses add `source`, `reason` with its choices, and the content.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "taken_in", "Accepted"
        DISMISSED = "dismissed", "Dismissed"

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    detail = models.CharField(max_length=LONGEST_DETAIL, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # SHA-256 of the content: an item that arrives again is counted, not stored again.
    fingerprint = models.CharField(max_length=64)
    times = models.PositiveIntegerField(default=1, db_default=1)
    received_at = models.DateTimeField("when", db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        reason: models.CharField[str, str]
        source: Any
        source_id: int
        company_id: int

        def get_reason_display(self) -> str: ...
