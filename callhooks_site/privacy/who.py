"""Who is meant by a phone number or a mail address: a person with all numbers and addresses, or somebody unknown."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from calls.models import Call, Person
from calls.phones import BadNumber, normalise
from subscriptions.models import Company

from .contacts import Contacts

NAMES_READ = 200  # of the newest calls, to find a name in the errors of an import


class NotUnderstood(ValueError):
    """The text is neither a phone number nor a mail address; the message says what to write."""


@dataclass(frozen=True)
class Who:
    """`people`: the keys of the person's rows, the main one first; empty for somebody who is in none."""

    contacts: Contacts
    people: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


def find(company: Company, text: str) -> Who:
    """By a number in any notation, an address, or a person's id. Raises NotUnderstood."""
    text = text.strip()
    if text.startswith("PER"):
        rows = Person.objects.filter(company=company, resource_id=text)
        if not rows.exists():
            raise NotUnderstood("There is no person with this id.")
        return _gather(company, rows.values_list("merged_into", "pk"), Contacts((), ()))
    contacts = _read(text, company.region)
    meant = Q(phone__in=contacts.phones) | Q(email__in=contacts.emails)
    return _gather(company, Person.objects.filter(meant, company=company).values_list("merged_into", "pk"), contacts)


def _read(text: str, region: str) -> Contacts:
    if "@" in text:
        try:
            validate_email(text)
        except ValidationError:
            raise NotUnderstood(f"{text[:100]!r} is not an email address.") from None
        return Contacts.of([], [text])
    try:
        phone = normalise(text, region=region)
    except BadNumber as error:
        raise NotUnderstood(str(error)) from None
    if not phone:
        raise NotUnderstood("Write a phone number or an email address.")
    return Contacts.of([phone], [])


def _gather(company: Company, found: object, given: Contacts) -> Who:
    mains = list(dict.fromkeys(main or pk for main, pk in found))  # type: ignore[attr-defined]
    if not mains:
        return Who(given)
    rows = list(Person.objects.filter(Q(pk__in=mains) | Q(merged_into__in=mains), company=company).order_by("pk"))
    rows.sort(key=lambda row: row.merged_into_id is not None)
    names = {row.name for row in rows}
    for row in rows:
        mine = Call.objects.filter(person=row).order_by("-start_time", "-pk")
        names |= set(mine.values_list("customer_name", flat=True)[:NAMES_READ])
    contacts = Contacts.of([*given.phones, *(row.phone for row in rows)], [*given.emails, *(row.email for row in rows)])
    return Who(contacts, tuple(row.pk for row in rows), tuple(sorted(name for name in names if len(name) > 3)))
