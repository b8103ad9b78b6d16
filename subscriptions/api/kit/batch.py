"""Batch requests: many objects, with a result for each. Invalid ones do not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.response import Response

from ...models import Company
from .problems import list_errors
from .serializers import StrictSerializer, shared_serializer

MAX_ITEMS = 1000
BATCH_FIELDS = frozenset({"created", "known", "refused", "results"})

# The result for each valid item: (resource id, whether it is new), or an error.
Outcome = tuple[str, bool] | DjangoValidationError
BatchHandler = Callable[[Sequence[dict[str, Any]]], Sequence[Outcome]]


class _Items(serializers.ListField):
    child = serializers.JSONField()
    default_error_messages = {"not_a_list": "This must be a list of objects."}


class BatchSerializer(StrictSerializer):
    items = _Items(
        min_length=1, max_length=MAX_ITEMS, help_text=f"1 to {MAX_ITEMS:,} objects, each as in a single request."
    )


class ItemError(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer into the item.")
    detail = serializers.CharField(help_text="What is wrong and how to fix it.")


class BatchResult(serializers.Serializer[Any]):
    """The result for one item."""

    status = serializers.ChoiceField(
        [201, 200, 400], help_text="201: created. 200: already known. 400: refused, see errors."
    )
    resource_id = serializers.CharField(required=False, help_text="Set unless the item was refused.")
    errors = ItemError(many=True, required=False, help_text="Set if the item was refused.")  # type: ignore[assignment]


class BatchAnswer(serializers.Serializer[Any]):
    """Counts, and the results in the order of the items."""

    created = serializers.IntegerField(help_text="How many were new.")
    known = serializers.IntegerField(help_text="How many were known already.")
    refused = serializers.IntegerField(help_text="How many were refused.")
    results = BatchResult(many=True, help_text="A result for each item, in the order of the request.")


def run_batch(
    serializer_class: type[StrictSerializer], data: Any, bring_in: BatchHandler, *, company: Company
) -> Response:
    """Process all items. The response is 200 even if items were refused; `results` are in the order of `items`."""
    items = shared_serializer(BatchSerializer).accept(data)["items"]
    serializer = shared_serializer(serializer_class)
    results: list[dict[str, Any]] = [{} for _ in items]
    accepted: list[tuple[int, dict[str, Any]]] = []
    for number, item in enumerate(items):
        try:
            accepted.append((number, serializer.accept(item, company=company)))
        except serializers.ValidationError as error:
            results[number] = _refused(error)
    outcomes = bring_in([values for _, values in accepted])
    for (number, _), outcome in zip(accepted, outcomes, strict=True):
        if isinstance(outcome, DjangoValidationError):
            results[number] = _refused(outcome)
        else:
            resource_id, new = outcome
            results[number] = {"status": 201 if new else 200, "resource_id": resource_id}
    counts = [result["status"] for result in results]
    return Response(
        {"created": counts.count(201), "known": counts.count(200), "refused": counts.count(400), "results": results}
    )


def handle_one_by_one(record: Callable[[dict[str, Any]], tuple[Any, bool]]) -> BatchHandler:
    """A handler that calls `record` for each item. `record` returns (object, is new) or raises ValidationError."""

    def bring_in(items: Sequence[dict[str, Any]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for values in items:
            try:
                found, new = record(values)
                outcomes.append((found.resource_id, new))
            except DjangoValidationError as error:
                outcomes.append(error)
        return outcomes

    return bring_in


def _refused(error: Exception) -> dict[str, Any]:
    return {"status": 400, "errors": list_errors(error)}
