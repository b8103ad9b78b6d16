"""Create or update one call."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from subscriptions.database.prepared import fetch_prepared
from subscriptions.models import Company
from subscriptions.models.columns import Columns

from ..models import Call, Person, Tracker
from ..phones import is_withheld, normalise_if_number
from .field_timestamps import Data
from .insertion import insert_calls
from .locking import lock_by_id, lock_by_natural_key
from .natural_keys import NATURAL_KEY, check_natural_key, natural_key, run_once, violates
from .values import build_call, change_call

NATURAL_KEY_CONSTRAINT = "call_external_id_once"
_TRACKER, _PERSON = Columns(Tracker, "t"), Columns(Person, "p")
_FIND = """
WITH found AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM calls_call WHERE company_id = %s::bigint AND external_source = %s AND external_id = %s
                      AND external_id <> '') AS known
), t AS MATERIALIZED (
    SELECT * FROM calls_tracker WHERE company_id = %s::bigint AND phone_number = %s
), p AS ({person})
SELECT known, {columns} FROM found LEFT JOIN t ON true LEFT JOIN p ON true
"""
# Nobody is created for a call that is known, or that will be refused for its tracking number.
_IS_NEW = "EXISTS (SELECT FROM found WHERE NOT known) AND EXISTS (SELECT FROM t)"
_NOBODY = "SELECT * FROM calls_person WHERE false"


class _Found(NamedTuple):
    is_known: bool
    tracker: Tracker | None
    person: Person | None


def create_or_update_call(*, company: Company, data: Data) -> tuple[Call, bool]:
    """The call, and whether it is new. A call with the same external_source and external_id is updated, even if it
    arrives at the same moment. Everything happens in one transaction. Raises ValidationError."""
    check_natural_key(data)
    key = natural_key(data)
    return run_once(lambda: _create_or_update(company, data, key), NATURAL_KEY_CONSTRAINT)


def update_call(*, company: Company, resource_id: str, data: Data) -> Call:
    """Set what is in `data`. Raises Call.DoesNotExist and ValidationError."""
    with transaction.atomic():
        locked = lock_by_id(company, resource_id)
        if locked is None:
            raise Call.DoesNotExist
        call = locked.call
        check_natural_key({name: data.get(name, getattr(call, name)) for name in NATURAL_KEY})
        try:
            change_call(locked, company, data)
        except IntegrityError as error:
            if not violates(error, NATURAL_KEY_CONSTRAINT):
                raise
            raise ValidationError({"external_id": "Another call has this source and id."}) from None
        return call


def _create_or_update(company: Company, data: Data, key: dict[str, str]) -> tuple[Call, bool]:
    # A cheap check first: most calls with a key are new, and a locking read would cost more for each of them.
    found = _find(company, key, data.get("tracking_phone_number"), _full_number(data.get("customer_phone_number")))
    if found.is_known:
        locked = lock_by_natural_key(company, **key)
        if locked is not None:
            change_call(locked, company, data)
            return locked.call, False
    call = build_call(company, data, found.tracker)
    call.clean()
    if found.person is not None and found.person.phone == call.customer_phone_number:
        Person.objects.lock_main(found.person)
        call.person = found.person
    insert_calls(company, [call], [tuple(data.get("tags") or ())])
    return call, True


def _full_number(text: str | None) -> str:
    """The number if it is in E.164 form already, as it is stored; else blank. Others need the company's country."""
    return text if text and not is_withheld(text) and normalise_if_number(text) == text else ""


def _find(company: Company, key: dict[str, str], tracking_number: str | None, customer_number: str) -> _Found:
    """Whether a call has this natural key, the tracking number, and for a new call the customer, locked: in one
    statement. It may wait for another transaction that holds this person, whose calls its snapshot does not show, so
    the customer's calls are counted by the next one."""
    values: list[Any] = []
    person = _NOBODY
    if customer_number:
        person, values = Person.objects.find_or_insert(company.pk, phone=customer_number, where=_IS_NEW)
    (row,) = fetch_prepared(
        _FIND.format(person=person, columns=f"{_TRACKER.sql}, {_PERSON.sql}"),
        [company.pk, key.get("external_source"), key.get("external_id"), company.pk, tracking_number, *values],
    )
    return _Found(row[0], _TRACKER.build(row, 1), _PERSON.build(row, 1 + len(_TRACKER)))
