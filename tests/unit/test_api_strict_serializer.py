"""A strict serializer runs the validators that a contributor writes, as Django REST Framework would."""

from typing import Any

import pytest
from rest_framework import serializers

from subscriptions.api.kit.fields import StrictCharField, StrictIntegerField
from subscriptions.api.kit.serializers import StrictSerializer


def not_reserved(values: dict[str, Any]) -> None:
    if values.get("name") == "reserved":
        raise serializers.ValidationError({"name": ["This name is reserved."]})


class Window(StrictSerializer):
    name = StrictCharField(required=False)
    start = StrictIntegerField()
    end = StrictIntegerField()

    class Meta:
        validators = [not_reserved]

    def validate_name(self, value: str) -> str:
        if value == "bad":
            raise serializers.ValidationError("This name is taken.")
        return value.upper() if value != "reserved" else value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["start"] > attrs["end"]:
            raise serializers.ValidationError({"end": ["The end is before the start."]})
        return {**attrs, "length": attrs["end"] - attrs["start"]}


def errors(data: dict[str, Any]) -> Any:
    with pytest.raises(serializers.ValidationError) as caught:
        Window().accept(data)
    return caught.value.detail


def test_it_calls_validate_field_and_takes_its_value():
    assert Window().accept({"name": "a", "start": 1, "end": 2})["name"] == "A"
    assert errors({"name": "bad", "start": 1, "end": 2}) == {"name": ["This name is taken."]}


def test_an_error_of_validate_field_stands_beside_those_of_other_fields():
    assert set(errors({"name": "bad", "start": "x", "end": 2})) == {"name", "start"}


def test_it_calls_validate_with_all_values():
    assert Window().accept({"start": 1, "end": 5})["length"] == 4
    assert errors({"start": 3, "end": 2}) == {"end": ["The end is before the start."]}


def test_it_runs_the_validators_of_meta():
    assert errors({"name": "reserved", "start": 1, "end": 2}) == {"name": ["This name is reserved."]}


def test_validate_is_not_called_for_fields_that_are_wrong():
    assert set(errors({"start": "x"})) == {"start", "end"}
