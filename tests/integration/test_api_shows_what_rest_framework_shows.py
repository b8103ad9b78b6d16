"""The API's serializers read columns by a shorter way than Django REST framework, and show the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework import serializers

from calls.api.serializers import CallSerializer
from calls.models import Tag
from subscriptions.api.kit.serializers import StrictModelSerializer, StrictSerializer
from tests.support.factories import make_call, make_company, make_form, make_subscription, make_text

pytestmark = pytest.mark.django_db

PRODUCERS = ("calls.", "forms_intake.", "messaging.")


def classes(base: type[Any] = StrictModelSerializer) -> Iterator[type[Any]]:
    for each in base.__subclasses__():
        yield each
        yield from classes(each)


def compare(serializer: StrictSerializer, instance: Any) -> None:
    assert StrictSerializer.to_representation(serializer, instance) == serializers.Serializer.to_representation(
        serializer, instance
    )


def test_every_model_is_shown_alike():
    company = make_company()
    make_subscription(company)
    make_form(company)
    make_text(company)
    make_call(company, customer_phone_number="+12145550123", keypad_entries=["1"], value=Decimal("12.50"))
    Tag.objects.create(company=company, name="Roof")
    compared = set()
    for each in classes():
        if not each.__module__.startswith(PRODUCERS):  # others show what only their views' queries count
            continue
        for instance in each.Meta.model._default_manager.all():
            compare(each(), instance)
            compared.add(each.Meta.model.__name__)
    assert {"Call", "Person", "Tag", "FormSubmission", "TextMessage", "Tracker"} <= compared


def test_values_that_are_not_of_their_columns_type_are_shown_alike():
    """As a program may have set them before they are read again."""
    now = timezone.now()
    call = make_call(make_company(), routed_at=now, ended_at=now + timedelta(seconds=90))
    serializer = CallSerializer()
    compare(serializer, call)
    call.note, call.duration, call.spam = 12, True, 1  # type: ignore[assignment]
    compare(serializer, call)
    assert serializer.to_representation(call)["note"] == "12"
    call.person = None
    compare(serializer, call)
