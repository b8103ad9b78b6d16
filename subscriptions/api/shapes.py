"""The shape of a subscription's bodies in the API (`events/shapes`)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..events.shapes.rules import validate


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class ShapeField(serializers.Field[Any, Any, Any, Any]):
    """Null: the body as its payload version says."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any] | None:
        try:
            return validate(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: Any) -> Any:
        return value
