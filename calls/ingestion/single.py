"""Create or update one call."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from subscriptions.database.prepared import prepared_cursor
from subscriptions.models import Company
from subscriptions.models.columns import Columns

from ..models import Call, Tracker
from .field_timestamps import Data
from .insertion import insert_calls
from .locking import lock_by_id, lock_by_natural_key
from .natural_keys import NATURAL_KEY, check_natural_key, natural_key, run_once, violates
from .values import build_call, change_call

NATURAL_KEY_CONSTRAINT = "call_external_id_once"
_TRACKER = Columns(Tracker, "t")


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
    known, tracker = _check_known(company, key, data.get("tracking_phone_number"))
    if known:
        locked = lock_by_natural_key(company, **key)
        if locked is not None:
            change_call(locked, company, data)
            return locked.call, False
    call = build_call(company, data, tracker)
    call.clean()
    insert_calls(company, [call], [tuple(data.get("tags") or ())])
    return call, True


def _check_known(company: Company, key: dict[str, str], phone_number: str | None) -> tuple[bool, Tracker | None]:
    """Whether a call has this natural key, and the tracking number: both in one query."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM calls_call WHERE company_id = %(company)s AND external_source = %(source)s "
            f"AND external_id = %(id)s AND external_id <> ''), {_TRACKER.sql} FROM (SELECT) AS always "
            "LEFT JOIN calls_tracker t ON t.company_id = %(company)s AND t.phone_number = %(phone)s",
            {
                "company": company.pk,
                "source": key.get("external_source"),
                "id": key.get("external_id"),
                "phone": phone_number,
            },
        )
        row = cursor.fetchone()
    return row[0], _TRACKER.build(row, 1)
