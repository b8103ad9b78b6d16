"""Requests to erase a person, which become certificates, and the key by which a certificate knows its person again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Now

from subscriptions.models import Company
from subscriptions.models.fields import EncryptedTextField, ResourceIdField

# Below two days a day's manifest would be made of what is gone.
LEAST_DAYS, MOST_DAYS = 2, 3650
FAILS_AT = 4  # tries of a step: a deadlock or a restart takes one or two, and between them are five minutes


class Erasure(models.Model):
    """A person is being erased, or was. While it runs it knows whom (`contacts`, encrypted); a certificate does not.

    `phase` and `cursor` say how far it is: each step does some rows and writes its place in one transaction, so a
    restart continues there (`jobs.py`)."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    resource_id = ResourceIdField(prefix="ERA")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    # JSON: phones, emails, names, and the keys of the person's rows. Empty once it is done.
    contacts = EncryptedTextField(default="", blank=True)
    # Of each number and address, with the company's key (`person_hashes.py`).
    person_hashes = ArrayField(models.CharField(max_length=64), default=list)
    phase = models.CharField(max_length=20, default="", blank=True)
    cursor = models.JSONField(null=True)
    # Events with a delivery that was being sent when they were to be erased.
    waiting = ArrayField(models.UUIDField(), default=list)
    counts = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # rows by kind
    # Servers on which recordings and pictures are that the links led to, and how many. They are not ours to delete.
    hosts = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    looked_through = models.PositiveBigIntegerField(default=0, db_default=0)  # rows of others, for mentions
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    requested_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    # In the future: when its step is taken once more, should it not come to an end.
    stepped_at = models.DateTimeField(null=True)
    # Turns of this step that did not come to its end, one after the other. One that is being done now counts.
    tries = models.PositiveIntegerField(default=0, db_default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("company", models.F("id").desc(), name="erasure_of_company"),
            models.Index("id", condition=models.Q(state="running"), name="erasure_running"),
        ]

    def __str__(self) -> str:
        return f"Erasure {self.resource_id[-8:]}"

    @property
    def fails(self) -> bool:
        """Whether the same step failed again and again: it does not get over that by itself."""
        return self.state == self.State.RUNNING and self.tries >= FAILS_AT

    def add(self, **found: int) -> None:
        """Count erased rows by kind."""
        for kind, number in found.items():
            if number:
                self.counts[kind] = self.counts.get(kind, 0) + number

    def describe_counts(self) -> dict[str, Any]:
        """Sorted, by words for people."""
        return {kind.replace("_", " "): self.counts[kind] for kind in sorted(self.counts)}


class PersonKey(models.Model):
    """The secret with which a company's certificates hash numbers and addresses. It is never shown, and stays when
    other secrets are changed: a later request finds the earlier certificate by it."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    secret = EncryptedTextField()

    def __str__(self) -> str:
        return f"Key of {self.company_id}"


def _days(words: str) -> Any:
    return models.PositiveIntegerField(
        words,
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_DAYS), MaxValueValidator(MOST_DAYS)],
        help_text="Days. Empty: as long as this service keeps them.",
    )


class KeptDays(models.Model):
    """How long a company keeps what came in, and its log (`keeping.py`). A company without a row keeps all as long as
    the installation does."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    calls = _days("calls")
    texts = _days("texts")
    forms = _days("forms")
    log = _days("webhooks")

    class Meta:
        verbose_name = verbose_name_plural = "how long data is kept"

    def __str__(self) -> str:
        return f"How long data of {self.company} is kept"

    def clean(self) -> None:
        if errors := {name: words for name in KINDS if (words := too_long(name, getattr(self, name)))}:
            raise ValidationError(errors)


KINDS = ("calls", "texts", "forms", "log")


def most_days(kind: str) -> float:
    """The installation's maximum; 0: none."""
    return float(settings.RETAIN_FAILED_DAYS if kind == "log" else settings.RETAIN_CONTACTS_DAYS)


def too_long(kind: str, days: int | None) -> str:
    """What is wrong with so many days, if anything."""
    most = most_days(kind)
    if days is None or not most or days <= most:
        return ""
    return f"This service keeps them for {most:g} days at most. Choose fewer, or leave it empty."
