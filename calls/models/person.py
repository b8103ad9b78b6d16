from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.models import Company
from subscriptions.models.fields import ResourceIdField

from .person_lookup import PersonManager


class Person(models.Model):
    """A customer who calls, texts or fills in forms, recognised by phone number or email address within a company.

    Somebody with two numbers has two rows: the main one, and one that is merged into it. Calls, texts and forms stay
    with the row of the number by which they came in, so rows are merged and taken apart without touching them. Merged
    rows never have rows merged into them: `merged_into` leads to the main row in one step (`calls.merging`)."""

    resource_id = ResourceIdField(prefix="PER")
    company = models.ForeignKey(Company, models.PROTECT, related_name="people")
    phone = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="merged_rows", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(fields=["company", "phone"], condition=~Q(phone=""), name="person_phone_once"),
            models.UniqueConstraint(fields=["company", "email"], condition=~Q(email=""), name="person_email_once"),
        ]
        indexes = [
            # A company's people, newest first.
            models.Index(fields=["company", "-created_at", "-id"], name="person_of_company"),
            # The rows of one person. Few are merged, so it is small.
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="person_merged"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone or self.email or self.resource_id

    @property
    def main(self) -> Person:
        """The row that stands for the person: its id is what webhooks and the API tell."""
        return self.merged_into or self


class PersonMerge(models.Model):
    """That two people are one, and since when: kept when it is undone, too."""

    class Reason(models.TextChoices):
        SAID = "said", "Merged by a person"
        TOGETHER = "together", "A number and an address that came in together"

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
