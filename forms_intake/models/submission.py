from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from calls.models import Attribution, Call, Person, Tag
from calls.search_words import PENDING_WORDS_KB, words_of
from subscriptions.models import EventSubject
from subscriptions.models.fields import ResourceIdField

from ..contents import remove_secrets
from ..mapping import Contact, FieldMapping, find_person


class FormSubmission(Attribution, EventSubject):
    """A form that somebody filled in on a company's web site. Passwords and card numbers are dropped before saving."""

    mapping = FieldMapping()  # set before `save` for a form whose source says which fields are whose

    resource_id = ResourceIdField(prefix="FRM")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, editable=False, related_name="forms", db_index=False
    )
    form_data = models.JSONField(default=dict, help_text="The fields, as names and texts.")
    # The names in `form_data` in the order in which they came, which jsonb does not keep. Null: not noted (forms from
    # before this column), or set anew by `save`.
    field_order = ArrayField(models.TextField(), null=True, editable=False)
    form_url = models.CharField("form URL", max_length=2048, blank=True)
    submitted_at = models.DateTimeField(default=timezone.now)
    session_uuid = models.CharField("web session", max_length=64, blank=True, default="", db_default="")
    fcid = models.CharField("form id", max_length=64, blank=True, default="", db_default="")
    utma = models.CharField(max_length=200, blank=True, default="", db_default="")
    utmb = models.CharField(max_length=200, blank=True, default="", db_default="")
    utmc = models.CharField(max_length=200, blank=True, default="", db_default="")
    utmv = models.CharField(max_length=200, blank=True, default="", db_default="")
    utmz = models.CharField(max_length=500, blank=True, default="", db_default="")
    ga = models.CharField(max_length=200, blank=True, default="", db_default="")
    # The first and the newest visit of whoever filled it in, as in webhooks of calls.
    milestones = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True, editable=False
    )
    tags = models.ManyToManyField(Tag, related_name="forms", blank=True)
    note = models.TextField(blank=True, default="", db_default="")
    value = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    lead_status = models.CharField(
        max_length=30, choices=Call.LeadStatus.choices, blank=True, default="", db_default=""
    )
    external_source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "form"
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "external_source", "external_id"],
                condition=~models.Q(external_id=""),
                name="form_external_id_once",
                violation_error_message="There is a form with this source and id already.",
            )
        ]
        indexes = [
            models.Index("company", models.F("submitted_at").desc(), models.F("id").desc(), name="form_of_company"),
            models.Index("person", "submitted_at", "id", name="form_of_person"),
            # The search box: an id that somebody copied from another system.
            models.Index("external_id", condition=~models.Q(external_id=""), name="form_external_id"),
            GinIndex(words_of("form"), name="form_words", gin_pending_list_limit=PENDING_WORDS_KB),
        ]

    def __str__(self) -> str:
        return f"Form {self.form_url or self.resource_id}"

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        form = super().from_db(db, field_names, values)
        # Loaded without `field_order`, its fields have the database's order.
        order, fields = form.__dict__.get("field_order"), form.__dict__.get("form_data")
        if order and fields:
            form.form_data = {name: fields[name] for name in order if name in fields} | fields
        return form

    def clean(self) -> None:
        if not isinstance(self.form_data, dict):
            raise ValidationError({"form_data": 'This must be an object of names and texts, such as {"name": "Ann"}.'})
        self.form_data = remove_secrets(self.form_data)
        self.field_order = list(self.form_data)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        with transaction.atomic():
            if self._state.adding and self.person_id is None:
                self.assign_person()
            super().save(*args, **kwargs)

    def assign_person(self, contact: Contact | None = None) -> None:
        """Find or make the person by the form's fields, or by this contact, if it was found in them already. Call it in
        the transaction that saves the form: the person is locked."""
        found = contact or self.find_contact()
        self.set_person(Person.objects.lock_by_contact(self.company_id, phone=found.phone, email=found.email), found)

    def find_contact(self) -> Contact:
        return find_person(self.form_data, self.mapping, region=self.company.region)

    def set_person(self, person: Person | None, found: Contact) -> None:
        """`person`: locked. It learns what the form tells of it."""
        if person and found.name and not person.main.name:
            person.main.name = found.name
            person.main.save(update_fields=["name"])
        if person and isinstance(self.milestones, dict):
            person.note_touches(self.milestones)
        self.person = person
