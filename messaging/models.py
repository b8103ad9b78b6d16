from __future__ import annotations

import secrets
import string
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from calls.models import Call, Person, Tag, Tracker
from calls.models.numbers import clean_numbers
from subscriptions.models import Company, EventSubject
from subscriptions.models.fields import ResourceIdField

_ALPHABET = string.ascii_lowercase + string.digits


def new_conversation_id() -> str:
    """Five lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


class ThreadManager(models.Manager["Thread"]):
    def between(self, *, tracker: Tracker, person: Person) -> Thread:
        """The thread of this person and this tracking number, created if new."""
        for _ in range(20):
            known = self.filter(tracker=tracker, person=person).first()
            if known is not None:
                return known
            try:
                with transaction.atomic():
                    return self.create(company_id=tracker.company_id, tracker=tracker, person=person)
            except IntegrityError:
                continue  # another transaction created it, or the five letters are taken
        raise RuntimeError("Found no free conversation id in twenty tries.")


class Thread(models.Model):
    """The texts of one person with one tracking number."""

    resource_id = ResourceIdField(prefix="SMT")
    company = models.ForeignKey(Company, models.PROTECT, related_name="threads")
    tracker = models.ForeignKey(Tracker, models.PROTECT, related_name="threads")
    person = models.ForeignKey(Person, models.PROTECT, related_name="threads")
    conversation_id = models.CharField(max_length=5, default=new_conversation_id, editable=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Whose conversation it is; sent as the agent of received texts.",
    )  # fmt: skip
    lead_status = models.CharField(max_length=30, choices=Call.LeadStatus.choices, blank=True)
    archived = models.BooleanField(default=False, db_default=False)
    note = models.TextField(blank=True, default="", db_default="")
    value = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    tags = models.ManyToManyField(Tag, related_name="threads", blank=True)
    last_message_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[ThreadManager] = ThreadManager()

    class Meta:
        verbose_name = "conversation"
        constraints = [
            models.UniqueConstraint(fields=["tracker", "person"], name="thread_once"),
            models.UniqueConstraint(fields=["company", "conversation_id"], name="conversation_id_once"),
        ]
        # A company's conversations, the one with the newest text first.
        indexes = [models.Index(fields=["company", "-last_message_at", "-id"], name="thread_of_company")]

    def __str__(self) -> str:
        return f"Texts with {self.person}"


class TextMessage(EventSubject):
    """A text to or from a tracking number."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Received"
        OUTBOUND = "outbound", "Sent"

    fires_no_event = False  # set before `save` for a text whose event was published elsewhere

    resource_id = ResourceIdField(prefix="SCI")
    tracker = models.ForeignKey(Tracker, models.PROTECT, related_name="texts", verbose_name="tracking number")
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="texts", editable=False)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    customer_phone_number = models.CharField(max_length=20)
    content = models.TextField(blank=True)
    media_urls = models.JSONField(default=list, blank=True)
    sent_at = models.DateTimeField("time", default=timezone.now)
    external_source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "text"
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "external_source", "external_id"],
                condition=~models.Q(external_id=""),
                name="text_external_id_once",
                violation_error_message="There is a text with this source and id already.",
            )
        ]
        indexes = [
            models.Index("company", models.F("sent_at").desc(), models.F("id").desc(), name="text_of_company"),
            # The search box: an id that somebody copied from another system.
            models.Index("external_id", condition=~models.Q(external_id=""), name="text_external_id"),
            # A conversation's texts, newest first.
            models.Index(fields=["thread", "-sent_at", "-id"], name="text_of_thread"),
        ]

    def __str__(self) -> str:
        return f"Text {'from' if self.direction == self.Direction.INBOUND else 'to'} {self.customer_phone_number}"

    def clean(self) -> None:
        if errors := clean_numbers(self, ("customer_phone_number",)):
            raise ValidationError(errors)
        if not (isinstance(self.media_urls, list) and all(isinstance(url, str) for url in self.media_urls)):
            raise ValidationError({"media_urls": 'Write a list of addresses: ["https://example.com/1.jpg"].'})
        if not self.customer_phone_number:
            raise ValidationError({"customer_phone_number": "A text needs the customer's number."})
        if self.tracker_id and self.company_id and self.tracker.company_id != self.company_id:
            raise ValidationError({"tracker": "This tracking number belongs to another company."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        with transaction.atomic():
            if self._state.adding and self.thread_id is None:
                person = Person.objects.lock_by_phone(self.company_id, self.customer_phone_number)
                self.thread = Thread.objects.between(tracker=self.tracker, person=person)
            super().save(*args, **kwargs)
            newest = Greatest("last_message_at", Value(self.sent_at, models.DateTimeField()))
            Thread.objects.filter(pk=self.thread_id).update(last_message_at=newest)
