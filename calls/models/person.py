from __future__ import annotations

from typing import ClassVar

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.models import Company
from subscriptions.models.columns import Columns
from subscriptions.models.fields import ResourceIdField


def _take_turns(company_id: int, *contacts: str) -> None:
    """Serialise transactions that look up a person by these phone numbers and addresses together.

    Each may lock two people and write both unique keys; in opposite orders two of them would deadlock. A lookup by one
    key alone waits once, before it holds anything, and needs no turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(turn) FROM (SELECT DISTINCT hashtextextended(contact, %s) AS turn "
            "FROM unnest(%s::text[]) AS given (contact) ORDER BY turn) AS in_order",
            [company_id, list(contacts)],
        )


class PersonManager(models.Manager["Person"]):
    def lock_by_phone(self, company_id: int, phone: str) -> Person:
        """The person with this number, created if new and locked until the transaction ends, so that counts of a
        person's calls and forms are made by one transaction after another."""
        return self._upsert(company_id, "phone", phone)

    def lock_by_email(self, company_id: int, email: str) -> Person:
        return self._upsert(company_id, "email", email)

    def lock_by_contact(self, company_id: int, *, phone: str, email: str) -> Person | None:
        """The person with this phone number, or else this email address. Both given together belong to one person,
        unless each belongs to somebody already. None if both are blank."""
        if phone and email:
            _take_turns(company_id, phone, email)
            for _ in range(3):
                try:
                    with transaction.atomic():
                        return self._lock_by_both(company_id, phone, email)
                except IntegrityError:
                    continue  # another transaction created one of them at the same moment: now it is found
            return self._lock_by_both(company_id, phone, email)
        if phone:
            return self.lock_by_phone(company_id, phone)
        return self.lock_by_email(company_id, email) if email else None

    def _lock_by_both(self, company_id: int, phone: str, email: str) -> Person:
        known = list(
            self.filter(Q(phone=phone) | Q(email=email), company_id=company_id)
            .order_by("pk")
            .select_for_update(no_key=True)
        )
        by_phone = next((person for person in known if person.phone == phone), None)
        by_email = next((person for person in known if person.email == email), None)
        person = (
            by_phone or (by_email if by_email and not by_email.phone else None) or self.lock_by_phone(company_id, phone)
        )
        if not person.phone or (not person.email and by_email is None):
            person.phone = person.phone or phone
            person.email = person.email or email
            person.save(update_fields=["phone", "email"])
        return person

    def _upsert(self, company_id: int, field: str, value: str) -> Person:
        columns = {"phone": "", "email": "", field: value}
        resource_id = Person._meta.get_field("resource_id").get_default()
        with connection.cursor() as cursor:
            # DO UPDATE, not DO NOTHING: it locks and returns an existing row.
            cursor.execute(
                f"INSERT INTO calls_person (resource_id, company_id, phone, email, name, city, state, country) "
                f"VALUES (%s, %s, %s, %s, '', '', '', '') ON CONFLICT (company_id, {field}) WHERE {field} <> '' "
                f"DO UPDATE SET {field} = excluded.{field} RETURNING {_PERSON.sql}",
                [resource_id, company_id, columns["phone"], columns["email"]],
            )
            found = _PERSON.build(cursor.fetchone())
        assert found is not None
        return found


class Person(models.Model):
    """A customer who calls, texts or fills in forms, recognised by phone number or email address within a company."""

    resource_id = ResourceIdField(prefix="PER")
    company = models.ForeignKey(Company, models.PROTECT, related_name="people")
    phone = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(fields=["company", "phone"], condition=~Q(phone=""), name="person_phone_once"),
            models.UniqueConstraint(fields=["company", "email"], condition=~Q(email=""), name="person_email_once"),
        ]
        # A company's people, newest first.
        indexes = [models.Index(fields=["company", "-created_at", "-id"], name="person_of_company")]

    def __str__(self) -> str:
        return self.name or self.phone or self.email or self.resource_id


_PERSON = Columns(Person)
