from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from drf_spectacular.utils import extend_schema_field

from subscriptions.api.kit.authentication import company_of
from subscriptions.api.kit.filters import Filters, after, before

from ..models import Call
from ..phones import DEFAULT_REGION, BadNumber, normalise


class _NumberField(forms.CharField):
    region = DEFAULT_REGION

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            # A + that was not percent-encoded arrives as a space.
            return normalise(f"+{text[1:]}" if text.startswith(" ") else text, region=self.region)
        except BadNumber as error:
            raise forms.ValidationError(str(error)) from None


class NumberFilter(django_filters.CharFilter):  # type: ignore[misc]
    field_class = _NumberField

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, max_length=50, strip=False)

    @property
    def field(self) -> Any:
        field = super().field
        request = getattr(getattr(self, "parent", None), "request", None)
        if request is not None:  # the API's document is made without one
            field.region = company_of(request).region
        return field


class CallFilters(Filters):
    direction = django_filters.ChoiceFilter(choices=Call.Direction.choices)
    external_source = django_filters.CharFilter()
    external_id = django_filters.CharFilter()
    customer_phone_number = NumberFilter("customer_phone_number")
    tracking_phone_number = NumberFilter("tracker__phone_number")
    start_time_after = after("start_time")
    start_time_before = before("start_time")


class PersonFilters(Filters):
    phone = NumberFilter("phone")
    email = django_filters.CharFilter(lookup_expr="iexact")


@extend_schema_field({"type": "boolean"})
class YesOrNo(django_filters.TypedChoiceFilter):  # type: ignore[misc]
    def __init__(self) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda text: text == "true", empty_value=None)


class TrackerFilters(Filters):
    phone_number = NumberFilter("phone_number")
    active = YesOrNo()


class TagFilters(Filters):
    name = django_filters.CharFilter(lookup_expr="iexact")
