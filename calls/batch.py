"""Many calls at once, a result for each: what `ingestion` does one by one, for a tenth of the work.

New calls go in together, as `bulk` does it. What is an update (the call is known, or stands in the batch twice), and
all of a batch whose insert met another's call, goes one by one through `ingestion`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from subscriptions.models import Company

from . import arrivals
from .ingestion import Data, built, check_natural_key, create_or_update_call, natural_key
from .models import Call, Tracker

# Calls in one transaction: locks are short, and memory stays flat.
CHUNK = 250
MOST_ATTEMPTS = 5


@dataclass(slots=True)
class Result:
    """What became of one: the call and whether it is new, or what is wrong with it."""

    call: Call | None = None
    new: bool = False
    error: ValidationError | None = None

    @property
    def outcome(self) -> tuple[str, bool] | ValidationError:
        """The call's id and whether it is new, or the error."""
        if self.call is not None:
            return self.call.resource_id, self.new
        return self.error or ValidationError("It could not be brought in.")


def create_or_update_calls(*, company: Company, items: Sequence[Data]) -> list[Result]:
    """A result for each, in order. Chunks are transactions of their own, or parts of the caller's."""
    results = [Result() for _ in items]
    numbered = iter(enumerate(items))
    while chunk := list(islice(numbered, CHUNK)):
        for number, result in _chunk(company, chunk):
            results[number] = result
    return results


def create_calls(*, company: Company, items: Sequence[Data], publish: bool) -> list[Result]:
    """A result for each, in order; one without a call and without an error stands for a call that is known already,
    which stays as it is. Without `publish`, what is there counts as told. Raises IntegrityError where another brings
    the same calls again and again."""
    results = [Result() for _ in items]
    numbered = iter(enumerate(items))
    while chunk := list(islice(numbered, CHUNK)):
        for attempt in range(MOST_ATTEMPTS):
            new, _ = _apart(company, chunk)
            try:
                with transaction.atomic():
                    done = _all_new(company, new, publish=publish)
                break
            except IntegrityError:  # another brought one of them at the same moment: now it is known
                if attempt == MOST_ATTEMPTS - 1:
                    raise
        for number, result in done:
            results[number] = result
    return results


def _chunk(company: Company, chunk: list[tuple[int, Data]]) -> Iterator[tuple[int, Result]]:
    together, one_by_one = _apart(company, chunk)
    try:
        with transaction.atomic():
            done = _all_new(company, together)
    except IntegrityError:  # another brought one of them at the same moment
        done, one_by_one = [], chunk
    yield from done
    # In the order of their keys, so that two batches in transactions of their own cannot wait for each other.
    for number, data in sorted(one_by_one, key=lambda each: str(each[1].get("external_id"))):
        try:
            call, new = create_or_update_call(company=company, data=data)
            yield number, Result(call, new)
        except ValidationError as error:
            yield number, Result(error=error)


def _apart(company: Company, chunk: list[tuple[int, Data]]) -> tuple[list[tuple[int, Data]], list[tuple[int, Data]]]:
    """Those that are certainly new, and the others."""
    keys = [tuple(natural_key(data).values()) if data.get("external_source") else () for _, data in chunk]
    known = {
        (call.external_source, call.external_id)
        for call in Call.objects.filter(company=company, external_id__in={key[1] for key in keys if key})
        .only("external_source", "external_id")
        .order_by()
    }
    together: list[tuple[int, Data]] = []
    others: list[tuple[int, Data]] = []
    for key, each in zip(keys, chunk, strict=True):
        (others if key in known else together).append(each)
        if key:
            known.add((key[0], key[1]))
    return together, others


def _all_new(company: Company, items: list[tuple[int, Data]], *, publish: bool = True) -> list[tuple[int, Result]]:
    numbers = {data["tracking_phone_number"] for _, data in items}
    trackers = {each.phone_number: each for each in Tracker.objects.filter(company=company, phone_number__in=numbers)}
    results, calls, tagged = [], [], []
    for number, data in items:
        try:
            check_natural_key(data)
            call = built(company, data, trackers.get(data["tracking_phone_number"]))
            call.clean()
        except ValidationError as error:
            results.append((number, Result(error=error)))
            continue
        results.append((number, Result(call, True)))
        calls.append(call)
        tagged.append(tuple(data.get("tags") or ()))
    if calls:
        # As it is now: an import takes hours, and events tell the company's name and zone.
        company.refresh_from_db()
        arrivals.insert(company, calls, tagged, publish=publish)
    return results
