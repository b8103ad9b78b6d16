"""Which fields of a form have the name, the email address and the phone number of whoever filled it in. No Django.

A source says it for its forms; otherwise names of fields do (`contacts`), and then the types of fields in the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from calls.phones import normalise_if_number

from .contacts import find_contact, fold, is_somebody_elses, read_address

LONGEST_NAME = 200  # of a person


@dataclass(frozen=True)
class FieldMapping:
    """Names of fields, as they are in the forms, without regard to capitals and signs. `typed_email` and `typed_phone`
    are fields that the page has for addresses and numbers, whatever they are called."""

    name: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    typed_email: str = ""
    typed_phone: str = ""


@dataclass(frozen=True)
class Contact:
    name: str = ""
    phone: str = ""  # E.164
    email: str = ""


def find_person(fields: Mapping[str, str], mapping: FieldMapping, *, region: str) -> Contact:
    """Blank where nothing is found. Numbers without + are of the country `region`."""

    def first_number(names: Iterable[str]) -> str:
        return next(filter(None, (normalise_if_number(text, region=region) for text in _pick(fields, names))), "")

    def first_address(names: Iterable[str]) -> str:
        return next(filter(None, map(read_address, _pick(fields, names))), "")

    phone, email = find_contact(fields, region=region)
    typed = [name for name in (mapping.typed_email, mapping.typed_phone) if name and not is_somebody_elses(name)]
    return Contact(
        # First and last name may be two fields.
        name=" ".join(filter(None, map(str.strip, _pick(fields, mapping.name))))[:LONGEST_NAME],
        phone=first_number(mapping.phone) or phone or first_number(typed),
        email=first_address(mapping.email) or email or first_address(typed),
    )


def _pick(fields: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """The texts of these fields, in the order of the names."""
    for name in names:
        if name in fields:
            yield fields[name]
        else:
            yield from (text for known, text in fields.items() if fold(known) == fold(name))
