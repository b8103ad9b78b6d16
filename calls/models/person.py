"""People are found by phone number and email address, created if they are new, and locked.

Only main rows are locked where several are, in the order of their keys, and no number is inserted after that which
another transaction could be inserting too: so no two of these wait for each other. Who merges people or takes them
apart locks the merged rows first, then the main ones (`calls.merging`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.database.prepared import prepared_cursor
from subscriptions.models import Company
from subscriptions.models.columns import Columns
from subscriptions.models.fields import ResourceIdField

# Numbers and addresses of one person. An address that comes with more numbers is an office's, and each of those numbers
# is a person of its own.
MOST_ROWS = 20
CAME_TOGETHER = "together"  # the reason of a merge: a number and an address came in together


class PersonManager(models.Manager["Person"]):
    def lock_by_phone(self, company_id: int, phone: str) -> Person:
        """The row with this number, created if new. The person is locked until the transaction ends, so that counts of
        a person's calls and forms are made by one transaction after another."""
        return self._upsert(company_id, phone=phone)

    def lock_by_email(self, company_id: int, email: str) -> Person:
        return self._upsert(company_id, email=email)

    def lock_by_contact(self, company_id: int, *, phone: str, email: str) -> Person | None:
        """The row with this phone number, or else with this email address. A number or an address that is new belongs
        to whoever has the other one; if each belongs to somebody already, the number decides. None if both are
        blank."""
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

    def lock_by_phones(self, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Person]:
        """`lock_by_phone` for many numbers of companies, in few statements."""
        pairs = sorted(set(wanted))
        # In this order, and before any is locked, so that two imports cannot deadlock.
        self.bulk_create(
            [self.model(company_id=company, phone=phone) for company, phone in pairs], ignore_conflicts=True
        )
        companies, phones = {company for company, _ in pairs}, {phone for _, phone in pairs}
        rows = self._lock_main_rows(Q(company__in=companies, phone__in=phones))
        return {(row.company_id, row.phone): row for row in rows}

    def _lock_by_both(self, company_id: int, phone: str, email: str) -> Person:
        new = self._insert_phone(company_id, phone)
        rows = self._lock_main_rows(Q(phone=phone) | Q(email=email), company_id=company_id)
        by_phone = next((row for row in rows if row.phone == phone), None)
        if by_phone is None:
            raise IntegrityError("This person was erased at the same moment.")  # the next try makes a new one
        by_email = next((row for row in rows if row.email == email), None)
        if by_email is None:
            self._add_email(by_phone, email)
        elif new and not by_email.main.phone:
            by_phone.delete()
            by_email.main.phone = phone
            by_email.main.save(update_fields=["phone"])
            return by_email.main
        elif new and self._has_room(by_email.main):
            self._note_merge(by_email.main, by_phone)
        return by_phone

    def _add_email(self, row: Person, email: str) -> None:
        if not row.main.email:
            row.main.email = email
            row.main.save(update_fields=["email"])
        elif self._has_room(row.main):
            self._note_merge(row.main, self.create(company_id=row.company_id, email=email))

    def _has_room(self, main: Person) -> bool:
        return self.filter(merged_into=main)[:MOST_ROWS].count() < MOST_ROWS - 1

    def _note_merge(self, main: Person, row: Person) -> None:
        row.merged_into = main
        row.save(update_fields=["merged_into"])
        main.merges.create(company_id=main.company_id, merged=row, reason=CAME_TOGETHER)

    def _lock_main_rows(self, where: Q, **more: int) -> list[Person]:
        """The rows, with the main row of each locked and loaded."""
        while True:
            wanted = {row.merged_into_id or row.pk for row in self.filter(where, **more)}
            locked = {row.pk: row for row in self.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)}
            # Before the locks were there, somebody may have merged them. Nobody can now.
            rows = list(self.filter(where, **more))
            if all((row.merged_into_id or row.pk) in locked for row in rows):
                for row in rows:
                    if row.merged_into_id:
                        row.merged_into = locked[row.merged_into_id]
                return [locked.get(row.pk, row) for row in rows]

    def _insert_phone(self, company_id: int, phone: str) -> bool:
        """Whether nobody had this number."""
        with prepared_cursor() as cursor:
            cursor.execute(
                f"{_INSERT} ON CONFLICT (company_id, phone) WHERE phone <> '' DO NOTHING RETURNING id",
                [self._new_id(), company_id, phone, ""],
            )
            return cursor.fetchone() is not None

    def find_or_insert(
        self, company_id: int, *, phone: str = "", email: str = "", where: str = "true"
    ) -> tuple[str, list[Any]]:
        """`lock_by_phone` or `lock_by_email` as a statement with its values, which returns the row's columns: to be
        part of another statement, `from_json` or `Columns` builds the row of it, and `lock_main` has to follow. Does
        nothing unless `where` is true."""
        field = "phone" if phone else "email"
        # DO UPDATE, not DO NOTHING: it locks and returns an existing row.
        statement = (
            f"{_INSERT} WHERE {where} ON CONFLICT (company_id, {field}) WHERE {field} <> '' "
            f"DO UPDATE SET {field} = excluded.{field} RETURNING {_PERSON.sql}"
        )
        return statement, [self._new_id(), company_id, phone, email]

    def lock_main(self, row: Person) -> None:
        """The row itself is locked already."""
        if row.merged_into_id:
            row.merged_into = self.select_for_update(no_key=True).get(pk=row.merged_into_id)

    def _upsert(self, company_id: int, **contact: str) -> Person:
        with prepared_cursor() as cursor:
            cursor.execute(*self.find_or_insert(company_id, **contact))
            found = _PERSON.build(cursor.fetchone())
        assert found is not None
        self.lock_main(found)
        return found

    def _new_id(self) -> str:
        field = self.model._meta.get_field("resource_id")
        return str(field.get_default())


class Person(models.Model):
    """A customer who calls, texts or fills in forms, recognised by phone number or email address within a company.

    Somebody with two numbers has two rows: the main one, and one that is merged into it. Calls, texts and forms stay
    with the row of the number by which they came in, so rows are merged and taken apart without touching them. Merged
    rows never have rows merged into them: `merged_into` leads to the main row in one step (`calls.merging`)."""

    resource_id = ResourceIdField(prefix="PER")
    company = models.ForeignKey(Company, models.PROTECT, related_name="people", db_index=False)
    phone = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    # The first and the newest visit of a web site that is known, as milestones of webhooks have them: JSON, as text,
    # which `Columns` can read.
    visits = models.TextField(default="", db_default="", blank=True, editable=False)
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

    @classmethod
    def from_json(cls, columns: Mapping[str, Any]) -> Person:
        """Of what PostgreSQL's `to_jsonb` makes of a row of `PersonManager.find_or_insert`."""
        names = [field.attname for field in cls._meta.concrete_fields]
        times = {"created_at": datetime.fromisoformat(columns["created_at"])}
        return cls.from_db(DEFAULT_DB_ALIAS, names, [times.get(name, columns[name]) for name in names])

    @property
    def main(self) -> Person:
        """The row that stands for the person: its id is what webhooks and the API tell."""
        return self.merged_into or self

    @property
    def touches(self) -> dict[str, Any]:
        """The milestones `first_touch` and `last_touch`, where they are known."""
        text = self.main.visits or self.visits
        return dict(json.loads(text)) if text else {}

    def note_touches(self, milestones: dict[str, Any]) -> None:
        """Keep what a form told of visits: the first touch that we ever heard of, and the newest."""
        first, last = milestones.get("first_touch"), milestones.get("last_touch")
        known = self.touches
        new = ({"first_touch": first} if first else {}) | known | ({"last_touch": last} if last else {})
        if new != known:
            self.main.visits = json.dumps(new)
            self.main.save(update_fields=["visits"])


_PERSON = Columns(Person)
_INSERT = (
    "INSERT INTO calls_person (resource_id, company_id, phone, email, name, city, state, country) "
    "SELECT %s, %s::bigint, %s, %s, '', '', '', ''"
)


def _take_turns(company_id: int, *contacts: str) -> None:
    """Serialise transactions that look up a person by these phone numbers and addresses together.

    Each may write both unique keys; in opposite orders two of them would deadlock. A lookup by one key alone waits
    once, before it holds anything, and needs no turn."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(turn) FROM (SELECT DISTINCT hashtextextended(contact, %s) AS turn "
            "FROM unnest(%s::text[]) AS given (contact) ORDER BY turn) AS in_order",
            [company_id, list(contacts)],
        )
