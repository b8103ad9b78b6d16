"""The conditions of a subscription in the API (`events/conditions.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..events.condition_rules import validate


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class Conditions(serializers.Field[Any, Any, Any, Any]):
    """Null: the company's default. What they may ask about depends on the company: `check_conditions`."""

    default_error_messages = {"invalid": "This must be null or a condition: an object with all, any, not or field."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


def check_conditions(data: Mapping[str, Any], company_id: int) -> dict[str, Any]:
    """The validated values with conditions that this company can ask for. Raises ValidationError."""
    values = dict(data)
    if values.get("conditions") is not None:
        try:
            values["conditions"] = validate(values["conditions"], company_id)
        except ValueError as error:
            raise serializers.ValidationError({"conditions": [str(error)]}) from None
    return values
