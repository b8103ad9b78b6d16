from __future__ import annotations

import secrets
import string
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from calls.models import Call, Person, Tag, Tracker
from calls.models.numbers import clean_numbers
from calls.search_words import PENDING_WORDS_KB, words_of
from calls.senders import LONGEST_SENDER, is_number, read_sender
from subscriptions.models import Company, EventSubject
from subscriptions.models.fields import ResourceIdField

from .opt_outs import read_opt_out

_ALPHABET = string.ascii_lowercase + string.digits


def new_conversation_id() -> str:
    """Five lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


class ThreadManager(models.Manager["Thread"]):
    def between(self, *, tracker: Tracker, person: Person | None, address: str = "") -> Thread:
        """The thread of this tracking number and this person, or this address of a sender without a phone number;
        created if new."""
        for _ in range(20):
            known = self.filter(tracker=tracker, person=person, address=address).first()
            if known is not None:
                known.tracker, known.person = tracker, person  # so that they are not read again
                return known
            try:
                with transaction.atomic():
                    return self.create(company_id=tracker.company_id, tracker=tracker, person=person, address=address)
            except IntegrityError:
                continue  # another transaction created it, or the five letters are taken
        raise RuntimeError("Found no free conversation id in twenty tries.")


class Thread(models.Model):
    """The texts of one person, or of one sender without a phone number, with one tracking number."""

    resource_id = ResourceIdField(prefix="SMT")
    company = models.ForeignKey(Company, models.PROTECT, related_name="threads")
    tracker = models.ForeignKey(Tracker, models.PROTECT, related_name="threads")
    person = models.ForeignKey(Person, models.PROTECT, related_name="threads", null=True)
    # A short code, an alphanumeric sender or an account of another channel. Empty where there is a person.
    address = models.CharField(max_length=LONGEST_SENDER, blank=True, default="", db_default="", editable=False)
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
    # Whether the customer has asked for no more texts (STOP), and when that or the opposite (START) was last said.
    opted_out = models.BooleanField(default=False, db_default=False, editable=False)
    opt_out_changed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[ThreadManager] = ThreadManager()

    class Meta:
        verbose_name = "conversation"
        constraints = [
            models.UniqueConstraint(fields=["tracker", "person"], name="thread_once"),
            # The address comes first because people search for it.
            models.UniqueConstraint(
                fields=["address", "tracker"], condition=models.Q(person=None), name="thread_of_address_once"
            ),
            models.UniqueConstraint(fields=["company", "conversation_id"], name="conversation_id_once"),
        ]
        # A company's conversations, the one with the newest text first.
        indexes = [models.Index(fields=["company", "-last_message_at", "-id"], name="thread_of_company")]

    def __str__(self) -> str:
        return f"Texts with {self.person or self.address}"

    @property
    def customer_name(self) -> str:
        return self.person.main.name if self.person else ""

    @property
    def customer_number(self) -> str:
        """The person's number, or the address of a sender without one."""
        return self.person.phone if self.person else self.address


class TextMessage(EventSubject):
    """A text to or from a tracking number."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Received"
        OUTBOUND = "outbound", "Sent"

    fires_no_event = False  # set before `save` by who publishes it after that, or not at all
    opt_out_type = ""  # set before `save`: what the provider takes it for, STOP, START or HELP

    resource_id = ResourceIdField(prefix="SCI")
    tracker = models.ForeignKey(Tracker, models.PROTECT, related_name="texts", verbose_name="tracking number")
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="texts", editable=False)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    customer_phone_number = models.CharField(
        max_length=LONGEST_SENDER, help_text="Or a short code or another sender without a number."
    )
    # Of a group MMS: who else got it.
    other_recipients = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True, editable=False
    )
    content = models.TextField(blank=True)
    media_urls = models.JSONField(default=list, blank=True)
    sent_at = models.DateTimeField("time", default=timezone.now)
    # Nobody has reported the time: it is when we heard of the text, and gives way to what is.
    sent_at_is_ours = models.BooleanField(default=False, db_default=False, editable=False)
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
            GinIndex(words_of("text"), name="text_words", gin_pending_list_limit=PENDING_WORDS_KB),
        ]

    def __str__(self) -> str:
        return f"Text {'from' if self.direction == self.Direction.INBOUND else 'to'} {self.customer_phone_number}"

    def clean(self) -> None:
        if errors := clean_numbers(self, ("customer_phone_number",), read=read_sender):
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
            is_new = self._state.adding
            if is_new and self.thread_id is None:
                self.thread = self._find_thread()
            super().save(*args, **kwargs)
            newest = Greatest("last_message_at", Value(self.sent_at, models.DateTimeField()))
            Thread.objects.filter(pk=self.thread_id).update(last_message_at=newest)
            if is_new:
                self._note_opt_out()

    def _find_thread(self) -> Thread:
        sender = self.customer_phone_number
        if not is_number(sender):
            return Thread.objects.between(tracker=self.tracker, person=None, address=sender)
        person = Person.objects.lock_by_phone(self.company_id, sender)
        return Thread.objects.between(tracker=self.tracker, person=person)

    def _note_opt_out(self) -> None:
        """Mark the conversation, unless something later has been said."""
        opted_out = read_opt_out(self.content, self.opt_out_type) if self.direction == self.Direction.INBOUND else None
        if opted_out is None:
            return
        earlier = models.Q(opt_out_changed_at=None) | models.Q(opt_out_changed_at__lte=self.sent_at)
        changed = {"opted_out": opted_out, "opt_out_changed_at": self.sent_at}
        if Thread.objects.filter(earlier, pk=self.thread_id).exclude(opted_out=opted_out).update(**changed):
            self.thread.opted_out, self.thread.opt_out_changed_at = opted_out, self.sent_at
