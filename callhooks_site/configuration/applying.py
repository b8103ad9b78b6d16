"""Compare a configuration file with what is there, and make it so.

A plan is the same work, undone: it says exactly what would happen, by the same rules. Each company is one transaction.
What the file does not name is left alone; with `prune`, it is taken away or switched off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from rest_framework.exceptions import ValidationError

from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Company
from subscriptions.tenancy import audit_log

from . import companies
from .kinds import Kind, errors_of
from .numbers import Tags, Trackers
from .reading import BadConfiguration, Document, Place, printable
from .sources import ACTOR, FormSources, PhoneSources
from .webhooks import Alerts, Subscriptions

VERSION = 1
# In this order: alerts name subscriptions, and conditions ask about tags and numbers.
KINDS: tuple[Kind, ...] = (Trackers(), Tags(), FormSources(), PhoneSources(), Subscriptions(), Alerts())
_REFUSALS = (ValidationError, ModelError, ActionRefused)


@dataclass(frozen=True)
class Change:
    """`how`: + made, ~ changed, - taken away. `what`: the fields, or what was done."""

    how: str
    company: str
    noun: str
    key: str
    what: str = ""

    def __str__(self) -> str:
        what = f": {self.what}" if self.what else ""
        return printable(f"{self.how} {self.company}: {self.noun}{' ' if self.key else ''}{self.key}{what}")


def wanted(document: Document, only: Sequence[str]) -> list[tuple[Place, Mapping[str, Any]]]:
    """The companies of the file, or those of them that are named. Raises BadConfiguration."""
    top = document.object_at((), document.data)
    _refuse_unknown(document, (), top, ("version", "companies"))
    if top.get("version") != VERSION:
        raise document.fail(("version",), f"must be {VERSION}: this is what this installation reads.")
    found, names = [], set()
    for number, one in enumerate(document.list_at(("companies",), top.get("companies"))):
        place: Place = ("companies", number)
        given = document.object_at(place, one)
        name = given.get("name")
        if not isinstance(name, str) or not name:
            raise document.fail(place, "needs a name: a company is known by it.")
        if name in names:
            raise document.fail((*place, "name"), f"{name} is there twice. Join the two.")
        names.add(name)
        found.append((place, given))
    if missing := [name for name in only if name not in names]:
        raise BadConfiguration(f"{document.name}: There is no company {missing[0]} in this file.")
    return [(place, given) for place, given in found if not only or given["name"] in only]


def apply(document: Document, place: Place, given: Mapping[str, Any], *, prune: bool, plan: bool) -> list[Change]:
    """Make one company as the file says; undo it again for a plan. Raises BadConfiguration, and nothing is changed."""
    with transaction.atomic():
        changes = list(_apply(document, place, given, prune=prune))
        if plan:
            transaction.set_rollback(True)
    return changes


def _apply(document: Document, place: Place, given: Mapping[str, Any], *, prune: bool) -> Iterator[Change]:
    _refuse_unknown(document, place, given, (*companies.FIELDS, *companies.MORE, *(kind.name for kind in KINDS)))
    name = str(given["name"])
    mine = list(Company.objects.filter(name=name).select_for_update(no_key=True)[:2])
    if len(mine) > 1:
        raise document.fail((*place, "name"), f"There are several companies called {name}. Rename all but one.")
    with _located(document, place):
        company = mine[0] if mine else companies.make(dict(given))
        changed = companies.change(company, dict(given))
    if not mine:
        audit_log.record(ACTOR, "Created the company", company, company=company)
        yield Change("+", name, "company", "")
    elif changed:
        audit_log.record(ACTOR, f"Changed {', '.join(changed)}", company, company=company)
        yield Change("~", name, "company", "", ", ".join(changed))
    for kind in KINDS:
        if kind.name in given or prune:
            yield from _apply_kind(document, (*place, kind.name), given.get(kind.name) or [], kind, company, prune)
    with _located(document, place):
        changed = companies.change_conditions(company, dict(given))
    if changed:
        audit_log.record(ACTOR, f"Changed {', '.join(changed)}", company, company=company)
        yield Change("~", name, "company", "", ", ".join(changed))


def _apply_kind(
    document: Document, place: Place, given: Any, kind: Kind, company: Company, prune: bool
) -> Iterator[Change]:
    known = kind.known(company)
    seen: set[str] = set()
    for number, one in enumerate(document.list_at(place, given)):
        at = (*place, number)
        values = document.object_at(at, one)
        _refuse_unknown(document, at, values, kind.fields)
        key = values.get(kind.key)
        if not isinstance(key, str) or not key:
            raise document.fail(at, f"needs {kind.key}: a {kind.noun} is known by it.")
        if kind.same(key) in seen:
            raise document.fail((*at, kind.key), f"{key} is there twice. Remove one.")
        seen.add(kind.same(key))
        row = known.get(kind.same(key))
        told = kind.resolved(document, at, dict(values), new=row is None)
        with _located(document, at):
            if row is None:
                row, note = kind.make(company, told)
                audit_log.record(ACTOR, "Added", row, company=company)
                yield Change("+", company.name, kind.noun, key, note)
            elif changed := kind.change(row, told):
                audit_log.record(ACTOR, "Changed", row, company=company, detail=", ".join(changed))
                yield Change("~", company.name, kind.noun, key, ", ".join(changed))
    for key, row in known.items() if prune else ():
        if key not in seen:
            with _located(document, place):
                named, done = str(kind.key_of(row)), kind.remove(row)
            if done:
                audit_log.record(ACTOR, "Removed" if done == "removed" else "Switched off", row, company=company)
                yield Change("-", company.name, kind.noun, named, done)


class _located:
    """What a rule refuses is said with its line."""

    def __init__(self, document: Document, place: Place) -> None:
        self._document, self._place = document, place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, _REFUSALS):
            place, words = errors_of(error)[0]
            raise self._document.fail((*self._place, *place), words) from None


def _refuse_unknown(document: Document, place: Place, given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise document.fail((*place, name), f"is not known here. Known are: {', '.join(known)}.")
