"""Base serializers of the API. Building a serializer costs more than everything else a request does with it, so each
thread builds every serializer once: see `shared_serializer`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.utils import timezone
from rest_framework import ISO_8601, serializers
from rest_framework.fields import Field, SkipField, get_error_detail
from rest_framework.relations import PKOnlyObject
from rest_framework.settings import api_settings

from ...models import Company
from .errors import MAX_ERRORS
from .fields import (
    AmountField,
    CompanyField,
    PastDateTimeField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
)

_per_thread = threading.local()
S = TypeVar("S", bound=serializers.BaseSerializer[Any])


def shared_serializer(serializer_class: type[S]) -> S:
    """Return this thread's instance. Use it for `accept` and `to_representation` only: these keep no state in it."""
    cache: dict[type[S], S] = _per_thread.__dict__.setdefault("serializers", {})
    if serializer_class not in cache:
        cache[serializer_class] = serializer_class()
    return cache[serializer_class]


class _Reader(NamedTuple):
    """How a field's value is read, where that is by the attribute's name alone; the type of values that are shown as
    they are; whether it is a DateTimeField with the default ISO 8601 output."""

    name: str
    read: Callable[[Any], Any] | None
    shown_type: type[Any] | None
    is_time: bool
    field: Field[Any, Any, Any, Any]


_SHOWN_AS_IT_IS: list[tuple[Any, type[Any]]] = [
    (serializers.CharField, str),
    (serializers.BooleanField, bool),
    (serializers.IntegerField, int),
]


def _is_plain(field: Field[Any, Any, Any, Any]) -> bool:
    return type(field).get_attribute is Field.get_attribute


def _shows_times(field: Field[Any, Any, Any, Any]) -> bool:
    """Whether it shows a time as ISO 8601, in the time zone that is current."""
    return (
        isinstance(field, serializers.DateTimeField)
        and type(field).to_representation is serializers.DateTimeField.to_representation
        and type(field).enforce_timezone is serializers.DateTimeField.enforce_timezone
        and getattr(field, "format", api_settings.DATETIME_FORMAT) == ISO_8601
        and not hasattr(field, "timezone")
    )


def _shown_as_it_is(field: Field[Any, Any, Any, Any]) -> type[Any] | None:
    show = type(field).to_representation
    return next((kind for base, kind in _SHOWN_AS_IT_IS if show is base.to_representation), None)


class StrictSerializer(serializers.Serializer[Any]):
    """Takes only known, writable fields. `accept` replaces `run_validation`. Like it, it calls `validate_<field>`,
    `validators` and `validate`; unlike it, it keys values by field name, not by `source`."""

    def accept(self, data: Any, *, partial: bool = False, company: Company | None = None) -> dict[str, Any]:
        """Return the validated values of the fields in `data`, by field name. Absent fields get no default; with
        `partial`, required ones may be absent too. A serializer with a CompanyField needs the company. Raises
        ValidationError with all errors of the fields."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("The body must be a JSON object.")
        fields = self._by_name
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, given in data.items():
            field = fields.get(name)
            if field is None or field.read_only:
                errors[name] = ["Unknown field." if field is None else "This field is read-only."]
            else:
                try:
                    value = field.run_validation(given)
                    if isinstance(field, CompanyField):
                        value = field.read_for(company, value)
                    validate_field = self._field_validators.get(name)
                    values[name] = validate_field(value) if validate_field else value
                except serializers.ValidationError as error:
                    errors[name] = error.detail
                except DjangoValidationError as error:
                    errors[name] = get_error_detail(error)
            if len(errors) > MAX_ERRORS:
                break
        if not partial:
            errors |= {name: ["This field is required."] for name in self._required if name not in data}
        if errors:
            raise serializers.ValidationError(errors)
        if self.validators:
            self.run_validators(values)
        return dict(self.validate(values))

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """As Django REST framework's, which takes twice as long: for a column whose value is shown as it is, there is
        nothing to ask the field, and the current time zone is asked for once, not for each time."""
        shown: dict[str, Any] = {}
        in_utc = timezone.get_current_timezone_name() == "UTC"
        for name, read, shown_type, is_time, field in self._readers:
            try:
                value = field.get_attribute(instance) if read is None else read(instance)
            except SkipField:
                continue
            if isinstance(value, PKOnlyObject) and value.pk is None:
                value = None
            if value is None or type(value) is shown_type:
                shown[name] = value
            elif is_time and in_utc and type(value) is datetime and value.tzinfo is UTC:
                shown[name] = f"{value.isoformat()[:-6]}Z"
            else:
                shown[name] = field.to_representation(value)
        return shown

    @cached_property
    def _by_name(self) -> dict[str, Field[Any, Any, Any, Any]]:
        """Django REST framework's own mapping of them is slow to go through."""
        return {str(name): field for name, field in self.fields.items()}

    @cached_property
    def _required(self) -> list[str]:
        return [name for name, field in self._by_name.items() if field.required]

    @cached_property
    def _readers(self) -> list[_Reader]:
        model = getattr(getattr(self, "Meta", None), "model", None)
        columns = {field.name for field in model._meta.concrete_fields if not field.is_relation} if model else set()
        return [
            _Reader(name, attrgetter(str(field.source)) if _is_plain(field) and field.source in columns else None,
                    _shown_as_it_is(field), _shows_times(field), field)
            for name, field in self._by_name.items()
            if not field.write_only
        ]  # fmt: skip

    @cached_property
    def _field_validators(self) -> dict[str, Callable[[Any], Any]]:
        """The `validate_<field>` methods that this class defines."""
        methods = {name: getattr(self, f"validate_{name}", None) for name in self._by_name}
        return {name: method for name, method in methods.items() if method is not None}


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """Takes fields, lengths and choices from the model. Uniqueness is left to the database's constraints."""

    serializer_choice_field = StrictChoiceField
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: StrictCharField,
        models.TextField: StrictCharField,
        models.BooleanField: StrictBooleanField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveSmallIntegerField: StrictIntegerField,
        models.DateTimeField: PastDateTimeField,
        models.DecimalField: AmountField,
    }

    def get_validators(self) -> list[Any]:
        return []
