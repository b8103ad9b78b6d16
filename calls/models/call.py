from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import JSONField, Q, Value
from django.db.models.functions import Now

from subscriptions.models import EventSubject
from subscriptions.models.fields import ResourceIdField

from ..search_words import PENDING_WORDS_KB, words_of
from .attribution import Attribution
from .numbers import clean_numbers
from .person import Person
from .saves_changes import SavesChanges
from .tag import Tag
from .tracker import Tracker

NUMBERS = ("customer_phone_number", "business_phone_number")


def new_access_key() -> str:
    return secrets.token_hex(16)


def _is_before(one: datetime, other: datetime) -> bool:
    """Of two clocks' times, one may count whole seconds only: then that is all that can be compared."""
    if one.microsecond and other.microsecond:
        return one < other
    return one.replace(microsecond=0) < other.replace(microsecond=0)


class Call(SavesChanges, Attribution, EventSubject):
    """A tracked phone call, from its first ring on. Its times say how far it is: start, routed, answered, ended.

    Saving it publishes what is due (`calls.events`); `bulk_create` and `update` do not, see `calls.bulk`."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"

    class LeadStatus(models.TextChoices):
        GOOD = "good_lead", "Good lead"
        NOT = "not_a_lead", "Not a lead"
        PREVIOUSLY = "previously_marked_good_lead", "Previously marked good lead"

    class ScoredBy(models.TextChoices):
        PERSON = "person", "A person"
        RULE = "rule", "A rule"

    fires_no_event = False  # set before saves by who calls `events.publish_locked` after them

    resource_id = ResourceIdField(prefix="CAL")
    tracker = models.ForeignKey(Tracker, models.PROTECT, related_name="calls", verbose_name="tracking number")
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="calls", null=True, blank=True, editable=False, db_index=False
    )
    external_source = models.CharField(max_length=40, blank=True, help_text="The system this call comes from.")
    external_id = models.CharField(max_length=100, blank=True, help_text="The call's id in that system.")
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.INBOUND)

    start_time = models.DateTimeField()
    routed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds. Leave it empty to use the times.")
    # Nobody has reported the start: it is the moment when the call was first heard of, and gives way to what is.
    start_time_is_ours = models.BooleanField(default=False, db_default=False, editable=False)
    # A provider's callbacks report it, so more of them may still follow its end.
    reported_by_provider = models.BooleanField(default=False, db_default=False, editable=False)
    # When Callhooks closed it for lack of news; `ended_at` is then the last known moment, not a reported end.
    closed_as_stale_at = models.DateTimeField(null=True, blank=True, editable=False, db_column="closed_silent_at")
    voicemail = models.BooleanField(default=False)
    abandoned = models.BooleanField(default=False, help_text="The caller hung up before anybody answered.")
    spam = models.BooleanField(default=False)

    customer_phone_number = models.CharField(max_length=20, blank=True, help_text="Empty when withheld.")
    # What the phone system gave as the customer's number, where that is none: Anonymous, sip:…, too many digits.
    customer_as_reported = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    customer_name = models.CharField(max_length=200, blank=True)
    customer_city = models.CharField(max_length=100, blank=True)
    customer_state = models.CharField(max_length=100, blank=True)
    customer_country = models.CharField(max_length=100, blank=True)
    zip_code = models.CharField("postal code", max_length=20, blank=True, default="", db_default="")
    business_phone_number = models.CharField(max_length=20, blank=True, help_text="Where the call was routed to.")
    agent_email = models.CharField(max_length=254, blank=True)
    device_type = models.CharField(max_length=50, blank=True)
    keypad_entries = models.JSONField(default=list, blank=True)

    recording_url = models.CharField("recording", max_length=2048, blank=True)
    recording_duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    recording_access_key = models.CharField(max_length=32, default=new_access_key, editable=False)
    waveforms = models.JSONField(default=list, blank=True)
    transcription_text = models.TextField("transcription", blank=True)
    conversational_transcript = models.JSONField(default=list, blank=True)
    speaker_percent = models.JSONField(null=True, blank=True)
    keywords_spotted = models.JSONField(default=list, blank=True)
    call_highlights = models.JSONField(default=list, blank=True)

    # What a program or a provider made of what was said.
    call_summary = models.TextField("summary", blank=True, default="", db_default="")
    lead_score = models.CharField(max_length=40, blank=True, default="", db_default="")
    lead_explanation = models.TextField(blank=True, default="", db_default="")
    sentiment = models.CharField(max_length=40, blank=True, default="", db_default="")

    tags = models.ManyToManyField(Tag, related_name="calls", blank=True)
    note = models.TextField(blank=True)
    value = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    lead_status = models.CharField(max_length=30, choices=LeadStatus.choices, blank=True)
    lead_status_by = models.CharField(max_length=10, choices=ScoredBy.choices, default=ScoredBy.PERSON, editable=False)

    referrer_domain = models.CharField(max_length=255, blank=True)
    last_requested_url = models.CharField("last page", max_length=2048, blank=True)
    utm_term = models.CharField(max_length=500, blank=True)
    utm_content = models.CharField(max_length=500, blank=True)
    utma = models.CharField(max_length=200, blank=True)
    utmb = models.CharField(max_length=200, blank=True)
    utmc = models.CharField(max_length=200, blank=True)
    utmv = models.CharField(max_length=200, blank=True)
    utmz = models.CharField(max_length=500, blank=True)
    ga = models.CharField(max_length=200, blank=True)
    gclid = models.CharField(max_length=500, blank=True)
    fbclid = models.CharField(max_length=500, blank=True)
    msclkid = models.CharField(max_length=500, blank=True)
    gbraid = models.CharField(max_length=500, blank=True, default="", db_default="")
    wbraid = models.CharField(max_length=500, blank=True, default="", db_default="")
    ttclid = models.CharField(max_length=500, blank=True, default="", db_default="")
    li_fat_id = models.CharField(max_length=500, blank=True, default="", db_default="")
    kissmetrics_id = models.CharField(max_length=200, blank=True)
    milestones = models.JSONField(default=dict, blank=True)
    custom = models.CharField(max_length=500, blank=True)
    session_uuid = models.CharField("web session", max_length=64, blank=True, default="", db_default="")

    # Field → when its value was true, by the source's clock: an older value changes nothing (`ingestion`).
    field_timestamps = models.JSONField(
        default=dict, db_default=Value({}, JSONField()), blank=True, editable=False, db_column="told_as_of"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        ordering = ["-start_time", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "external_source", "external_id"],
                condition=~Q(external_id=""),
                name="call_external_id_once",
                violation_error_message="There is a call with this source and id already.",
            )
        ]
        indexes = [
            models.Index("company", models.F("start_time").desc(), models.F("id").desc(), name="call_of_company"),
            # The search box: an id that somebody copied from another system.
            models.Index("external_id", condition=~Q(external_id=""), name="call_external_id"),
            # API v3 lists, counts and sums without reading rows: spam is not there, and what it filters by is.
            models.Index(
                fields=["company", "-start_time", "-id"],
                include=[
                    "direction",
                    "answered_at",
                    "ended_at",
                    "voicemail",
                    "abandoned",
                    "duration",
                    "lead_status",
                    "person",
                    "tracker",
                    "source",
                    "device_type",
                ],
                condition=Q(spam=False),
                name="call_listed",
            ),
            # A person's calls in order, to count prior_calls.
            models.Index("person", "start_time", "id", name="call_of_person"),
            # Was one of the person's earlier calls a good lead? API v3 sorts by that.
            models.Index(
                fields=["person", "start_time", "id"],
                condition=Q(lead_status="good_lead"),
                name="call_good_lead_of_person",
            ),
            # Did somebody speak with them, or try to, after a call? Else each of a robot's thousand calls would look at
            # all after it.
            models.Index(
                fields=["person", "start_time"],
                condition=Q(direction="outbound") | Q(answered_at__isnull=False, voicemail=False),
                name="call_spoken_with_person",
            ),
            GinIndex(words_of("call"), name="call_words", gin_pending_list_limit=PENDING_WORDS_KB),
        ]

    def __str__(self) -> str:
        who = self.customer_name or self.customer_phone_number or self.customer_as_reported or "withheld"
        return f"{self.get_direction_display()} call {who}"

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    def set_known_tags(self, tags: Iterable[Tag]) -> None:
        """Set the tags as a prefetch would, in this order, so that they are not queried."""
        self._prefetched_objects_cache = {"tags": list(tags)}

    def list_tags(self) -> list[Tag]:
        """Without a query where they are known. (Django's manager takes longer to be made than to say so.)"""
        known = self.__dict__.get("_prefetched_objects_cache", {}).get("tags")
        return list(self.tags.all() if known is None else known)

    def forget_known_tags(self) -> None:
        self._prefetched_objects_cache = {}

    def clean(self) -> None:
        errors = clean_numbers(self, NUMBERS, may_be_withheld=("customer_phone_number",))
        for earlier, later in (
            ("start_time", "ended_at"),
            ("answered_at", "ended_at"),
            ("start_time", "answered_at"),
        ):
            first, second = getattr(self, earlier), getattr(self, later)
            if first and second and _is_before(second, first):
                errors[later] = f"This is before {earlier.replace('_', ' ')}."
        if self.tracker_id and self.company_id and self.tracker.company_id != self.company_id:
            errors["tracker"] = "This tracking number belongs to another company."
        if errors:
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        # One transaction for the row and the events that its signals publish.
        with transaction.atomic(savepoint=False):
            self._find_person(kwargs.get("update_fields"))
            super().save(*args, **kwargs)

    def _find_person(self, update_fields: Any) -> None:
        """Set the customer of a new call, or of one whose number was corrected."""
        number = self.customer_phone_number
        if self._state.adding:
            if self.person_id is None and number:
                self.person = Person.objects.lock_by_phone(self.company_id, number)
        elif update_fields is None and "customer_phone_number" in (self.changed_fields() or ()):
            self.person = Person.objects.lock_by_phone(self.company_id, number) if number else None
