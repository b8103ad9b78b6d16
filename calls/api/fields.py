"""Fields of calls: phone numbers, tags, and the lists and objects that are passed on to webhooks unchanged."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from subscriptions.api.kit.fields import CompanyField, StrictCharField
from subscriptions.models import Company

from ..phones import BadNumber, normalise, normalise_customer


class PhoneNumber(CompanyField, StrictCharField):
    """Accepts any common format, such as `(214) 555-0123`; stored and shown as `+12145550123`. Without + it is a number
    of the company's country."""

    default_error_messages = {"required": "A phone number is needed here."}
    may_be_withheld = False

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if len(text) > 50:
            self.fail("max_length", max_length=50)
        return text

    def read_for(self, company: Company | None, value: Any) -> str:
        assert company is not None, "accept() needs the company: numbers without + are read by its country"
        try:
            return (normalise_customer if self.may_be_withheld else normalise)(str(value), region=company.region)
        except BadNumber as error:
            raise serializers.ValidationError(str(error)) from None


class CustomerNumber(PhoneNumber):
    """A number that may be withheld: then it is empty. Words such as `Anonymous` are understood, too."""

    may_be_withheld = True


class EmailAddress(StrictCharField):
    """Stored in lower case, because people are found by it."""

    default_error_messages = {"address": "This is not an email address. Write it like ann@example.com."}

    def to_internal_value(self, data: Any) -> str:
        address = super().to_internal_value(data).strip().lower()
        try:
            validate_email(address)
        except ValidationError:
            self.fail("address")
        return address


class TagNames(serializers.ListField):
    """The names of all of a call's tags."""

    default_error_messages = {"not_a_list": "This must be a list of names.", "max_length": "At most {max_length} tags."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=StrictCharField(max_length=100), max_length=100, **kwargs)

    def get_attribute(self, instance: Any) -> list[str]:
        return [tag.name for tag in instance.list_tags()]


@extend_schema_field({"type": "array", "items": {}})
class Items(serializers.JSONField):
    """A list that is passed on unchanged. With `keys`, its items are objects with exactly these keys."""

    default_error_messages = {"list": "This must be a list.", "item": "This must be an object with the keys {keys}."}

    def __init__(self, *, keys: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.keys = keys
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("list")
        if self.keys:
            wanted = set(self.keys)
            for number, item in enumerate(data):
                if not isinstance(item, dict) or item.keys() != wanted:
                    words = self.error_messages["item"].format(keys=", ".join(self.keys))
                    raise serializers.ValidationError({str(number): [words]})
        return data


@extend_schema_field({"type": "object"})
class Thing(serializers.JSONField):
    """An object that is passed on unchanged. With `keys`, it may have only these keys, each with an object."""

    default_error_messages = {"object": "This must be an object."}

    def __init__(self, *, keys: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.keys = keys
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("object")
        errors = {
            name: [f"Allowed keys: {', '.join(self.keys)}." if name not in self.keys else "This must be an object."]
            for name, value in data.items()
            if self.keys and (name not in self.keys or not isinstance(value, dict))
        }
        if errors:
            raise serializers.ValidationError(errors)
        return data
