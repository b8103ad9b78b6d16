from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from .company import Company


class EventSubject(models.Model):
    """What an event is about: a call, a text, a form. Producers' models derive from it."""

    # No index of its own: each kind has one that begins with it. The planner would take the narrower one, and read all
    # of a company's rows where the newest were asked for.
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)

    if TYPE_CHECKING:
        resource_id: models.CharField[str, str]
        company_id: int

    class Meta:
        abstract = True
