from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.models import Company

from .person import CAME_TOGETHER, Person


class PersonMerge(models.Model):
    """That two people are one, and since when: kept when it is undone, too."""

    class Reason(models.TextChoices):
        SAID = "said", "Merged by a person"
        TOGETHER = CAME_TOGETHER, "A number and an address that came in together"

    company = models.ForeignKey(Company, models.PROTECT, related_name="person_merges")
    kept = models.ForeignKey(Person, models.PROTECT, related_name="merges", db_index=False)
    merged = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    # Keys of the rows that had been merged into `merged` before. They go back with it.
    moved = ArrayField(models.BigIntegerField(), default=list)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    undone_by = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="person_merged_once"),
        ]
        indexes = [models.Index(fields=["kept"], condition=Q(undone_at=None), name="merge_kept")]

    def __str__(self) -> str:
        return f"{self.merged} is {self.kept}"
