from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from .company import Company


class EventSubject(models.Model):
    """What an event is about: a call, a text or a form. The producers' models inherit from it."""

    # No index on this column alone: each subclass has one that begins with it. The planner would choose the narrower
    # one, and read all rows of a company to find its newest.
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)

    if TYPE_CHECKING:
        resource_id: models.CharField[str, str]
        company_id: int

    class Meta:
        abstract = True
