"""Bring in many calls at once, with a result for each, at a tenth of the cost of one at a time.

New calls are inserted together. Calls that are known or stand in the batch twice are updated one by one (`single`), and
so is a whole chunk if another transaction inserted one of its calls at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from subscriptions.models import Company

from ..models import Call, Tracker
from .field_timestamps import Data
from .insertion import insert_calls
from .natural_keys import check_natural_key, natural_key
from .single import create_or_update_call
from .values import build_call

# Calls per transaction: locks are held briefly, and memory stays flat.
CHUNK = 250
MOST_ATTEMPTS = 5

Numbered = tuple[int, Data]


@dataclass(slots=True)
class Result:
    """The call and whether it is new, or the error."""

    call: Call | None = None
    new: bool = False
    error: ValidationError | None = None

    @property
    def outcome(self) -> tuple[str, bool] | ValidationError:
        """The call's id and whether it is new, or the error."""
        if self.call is not None:
            return self.call.resource_id, self.new
        return self.error or ValidationError("This call could not be brought in.")


def create_or_update_calls(*, company: Company, items: Sequence[Data]) -> list[Result]:
    """A result for each item, in order. Each chunk is a transaction, or a part of the caller's."""
    results = [Result() for _ in items]
    for chunk in _chunks(items):
        for number, result in _create_or_update_chunk(company, chunk):
            results[number] = result
    return results


def create_missing_calls(*, company: Company, items: Sequence[Data], publish: bool) -> list[Result]:
    """Create the calls that are not known yet; known ones stay unchanged and have a result without call and error.

    Results are in the order of the items. Without `publish` the new calls count as published. Raises IntegrityError if
    another transaction keeps inserting the same calls."""
    results = [Result() for _ in items]
    for chunk in _chunks(items):
        for attempt in range(MOST_ATTEMPTS):
            new, _ = _split_off_known(company, chunk)
            try:
                with transaction.atomic():
                    done = _insert_chunk(company, new, publish=publish)
                break
            except IntegrityError:  # another transaction inserted one of them: the next attempt knows it
                if attempt == MOST_ATTEMPTS - 1:
                    raise
        for number, result in done:
            results[number] = result
    return results


def _chunks(items: Sequence[Data]) -> Iterator[list[Numbered]]:
    numbered = iter(enumerate(items))
    while chunk := list(islice(numbered, CHUNK)):
        yield chunk


def _create_or_update_chunk(company: Company, chunk: list[Numbered]) -> Iterator[tuple[int, Result]]:
    new, others = _split_off_known(company, chunk)
    try:
        with transaction.atomic():
            done = _insert_chunk(company, new)
    except IntegrityError:  # another transaction inserted one of them at the same moment
        done, others = [], chunk
    yield from done
    # In the order of their keys, so that two batches in transactions of their own cannot wait for each other.
    for number, data in sorted(others, key=lambda each: str(each[1].get("external_id"))):
        try:
            call, is_new = create_or_update_call(company=company, data=data)
            yield number, Result(call, is_new)
        except ValidationError as error:
            yield number, Result(error=error)


def _split_off_known(company: Company, chunk: list[Numbered]) -> tuple[list[Numbered], list[Numbered]]:
    """Items that are certainly new, and the others."""
    keys = [tuple(natural_key(data).values()) if data.get("external_source") else () for _, data in chunk]
    known = {
        (call.external_source, call.external_id)
        for call in Call.objects.filter(company=company, external_id__in={key[1] for key in keys if key})
        .only("external_source", "external_id")
        .order_by()
    }
    new: list[Numbered] = []
    others: list[Numbered] = []
    for key, each in zip(keys, chunk, strict=True):
        (others if key in known else new).append(each)
        if key:
            known.add((key[0], key[1]))
    return new, others


def _insert_chunk(company: Company, items: list[Numbered], *, publish: bool = True) -> list[tuple[int, Result]]:
    numbers = {data["tracking_phone_number"] for _, data in items}
    trackers = {each.phone_number: each for each in Tracker.objects.filter(company=company, phone_number__in=numbers)}
    results, calls, tag_names = [], [], []
    for number, data in items:
        try:
            check_natural_key(data)
            call = build_call(company, data, trackers.get(data["tracking_phone_number"]))
            call.clean()
        except ValidationError as error:
            results.append((number, Result(error=error)))
            continue
        results.append((number, Result(call, True)))
        calls.append(call)
        tag_names.append(tuple(data.get("tags") or ()))
    if calls:
        # Imports take hours, and events carry the company's current name and time zone.
        company.refresh_from_db()
        insert_calls(company, calls, tag_names, publish=publish)
    return results
