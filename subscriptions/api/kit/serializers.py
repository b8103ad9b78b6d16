"""How the API reads and writes objects, kept lean: serializers are declared as the framework wants them (so that they
can be documented), but built once per thread instead of once per request, which costs more than all the rest."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from rest_framework import serializers
from rest_framework.fields import Field, get_error_detail

from .errors import MOST_ERRORS
from .fields import Choice, Flag, Moment, Money, Text, Whole

_per_thread = threading.local()
S = TypeVar("S", bound=serializers.BaseSerializer[Any])


def shared(serializer_class: type[S]) -> S:
    """This thread's one instance. For `accept` and `to_representation` only, which leave nothing behind in it."""
    cache: dict[type[S], S] = _per_thread.__dict__.setdefault("serializers", {})
    if serializer_class not in cache:
        cache[serializer_class] = serializer_class()
    return cache[serializer_class]


class Strict(serializers.Serializer[Any]):
    """Takes the fields that were sent and refuses those that it does not know."""

    def accept(self, data: Any, *, partial: bool = False) -> dict[str, Any]:
        """The values that were sent, by field name; nothing is filled in. `partial` asks for no required fields.
        Raises ValidationError with every error at once."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("The body must be a JSON object.")
        fields: Mapping[str, Field[Any, Any, Any, Any]] = self.fields
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, given in data.items():
            field = fields.get(name)
            if field is None or field.read_only:
                errors[name] = ["Unknown field." if field is None else "This field cannot be set."]
            else:
                try:
                    values[name] = field.run_validation(given)
                except serializers.ValidationError as error:
                    errors[name] = error.detail
                except DjangoValidationError as error:
                    errors[name] = get_error_detail(error)
            if len(errors) > MOST_ERRORS:
                break
        if not partial:
            for name, field in fields.items():
                if field.required and name not in data:
                    errors[name] = ["This field is needed."]
        if errors:
            raise serializers.ValidationError(errors)
        return values


class StrictModel(Strict, serializers.ModelSerializer[Any]):
    """Fields, lengths and choices from the model, with our own kinds of fields. Uniqueness is the database's to say."""

    serializer_choice_field = Choice
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.BooleanField: Flag,
        models.PositiveIntegerField: Whole,
        models.DateTimeField: Moment,
        models.DecimalField: Money,
    }

    def get_validators(self) -> list[Any]:
        return []
