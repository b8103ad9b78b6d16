"""API fields. They convert no types: text must be a JSON string, a number a JSON number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from rest_framework import serializers

from ...models import Company

# Allows for clocks that differ. A later time is an error.
CLOCK_TOLERANCE = timedelta(minutes=5)
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
URL_LENGTH = 2048


class StrictCharField(serializers.CharField):
    """Text. Strips surrounding whitespace unless `trim_whitespace` is false."""

    default_error_messages = {
        "invalid": "This must be a string.",
        "null": "This cannot be null. Send an empty string if it is unknown.",
        "blank": "This cannot be empty.",
        "max_length": "This is longer than {max_length} characters.",
    }

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data.strip() if self.trim_whitespace else data


class CompanyField:
    """Mixin of fields whose values mean something only within a company: `accept` passes it."""

    def read_for(self, company: Company | None, value: Any) -> Any:
        """The value that is meant by what `run_validation` returned. Raises ValidationError."""
        raise NotImplementedError


class StrictChoiceField(serializers.ChoiceField):
    default_error_messages = {"invalid_choice": "This must be one of: {choices}."}

    def to_internal_value(self, data: Any) -> Any:
        if data == "" and self.allow_blank:
            return ""
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", choices=", ".join(repr(str(name)) for name in self.choices))
        return data


class StrictIntegerField(serializers.IntegerField):
    default_error_messages = {
        "invalid": "This must be a whole number.",
        "min_value": "This cannot be less than {min_value}.",
        "max_value": "This cannot be more than {max_value}.",
    }

    def to_internal_value(self, data: Any) -> int:
        whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        if isinstance(data, bool) or not whole:
            self.fail("invalid")
        return int(data)


class StrictBooleanField(serializers.BooleanField):
    default_error_messages = {"invalid": "This must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class AmountField(serializers.DecimalField):
    """A decimal amount as a string, `"125.00"`. Many clients read JSON numbers as floats, which lose cents."""

    default_error_messages = {
        "invalid": 'This must be an amount as a string, such as "125.00".',
        "min_value": "This cannot be less than {min_value}.",
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class PastDateTimeField(serializers.DateTimeField):
    """A time with an offset, not before 1970 and not in the future."""

    tolerance: timedelta | None = CLOCK_TOLERANCE
    default_error_messages = {
        "invalid": "This must be a time such as 2026-01-31T09:00:00-05:00.",
        "naive": "This time has no offset. Add Z or an offset such as -05:00.",
        "early": "This time is before 1970.",
        "late": "This time is in the future. Check the clock of the system that sent it.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid")
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            self.fail("invalid")
        if moment.tzinfo is None:
            self.fail("naive" if len(value) > len("2026-01-31") else "invalid")
        if moment.year < FIRST_MOMENT.year or (moment.year == 1970 and moment < FIRST_MOMENT):
            self.fail("early")
        if self.tolerance is not None and moment > timezone.now() + self.tolerance:
            self.fail("late")
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the last hours of the year 9999
            self.fail("invalid")


class StrictDateTimeField(PastDateTimeField):
    """A time with an offset that may be in the future, up to 2200."""

    tolerance = None
    default_error_messages = {"far": "This time is after 2200."}

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if moment >= LAST_MOMENT:
            self.fail("far")
        return moment


class HttpUrlField(StrictCharField):
    """An http or https URL. URLs of subscriptions have stricter rules: see `endpoints.rules`."""

    default_error_messages = {"url": "This must be a URL that starts with https:// or http://."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=URL_LENGTH, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            parts = urlsplit(text[:URL_LENGTH])
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or not text.isprintable() or " " in text or "\\" in text:
            self.fail("url")
        return text
