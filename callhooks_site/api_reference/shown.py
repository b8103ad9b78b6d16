"""What the templates of the API reference show."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body. `notes`: `required`, `read only`. `of`: the name of the schema it leads to."""

    name: str
    kind: str
    about: SafeString
    notes: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class Answer:
    """`of`: the name of its schema, `several`: a page of these."""

    status: str
    about: SafeString
    example: str = ""
    of: str = ""
    several: bool = False


@dataclass(frozen=True)
class Operation:
    id: str
    summary: str
    about: SafeString
    method: str = ""  # empty for a webhook
    path: str = ""
    headers: tuple[str, ...] = ()  # those that the overview explains
    parameters: tuple[Field, ...] = ()
    body_of: str = ""
    example: str = ""
    answers: tuple[Answer, ...] = ()
    errors: tuple[str, ...] = ()
    conflict: str = ""
    fields: tuple[Field, ...] = ()  # of a webhook's body


@dataclass(frozen=True)
class Schema:
    name: str
    about: SafeString
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Group:
    slug: str
    name: str
    about: str
    operations: tuple[Operation, ...] = ()
    schemas: tuple[Schema, ...] = ()
