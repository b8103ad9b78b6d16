"""The API's serializers read columns by a shorter way than Django REST framework, and show the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from rest_framework import serializers

from calls.api.serializers import CallSerializer
from calls.models import Call, Tag
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


def test_times_are_shown_in_the_time_zone_that_is_current():
    call = make_call(make_company(), start_time=datetime(2026, 7, 1, 12, tzinfo=UTC))
    serializer = CallSerializer()
    assert serializer.to_representation(call)["start_time"] == "2026-07-01T12:00:00Z"
    with timezone.override("America/Chicago"):
        compare(serializer, call)
        assert serializer.to_representation(call)["start_time"] == "2026-07-01T07:00:00-05:00"


class _Times(StrictSerializer):
    created_at = serializers.DateTimeField()
    day = serializers.DateTimeField(source="created_at", format="%Y-%m-%d")
    there = serializers.DateTimeField(source="created_at", default_timezone=ZoneInfo("Asia/Kolkata"))
    itself = serializers.DateTimeField(source="created_at", format=None)


def test_fields_that_show_times_in_their_own_way_do_so():
    compare(_Times(), make_company())


def test_tags_that_nobody_has_read_yet_are_read():
    company = make_company()
    call = make_call(company)
    call.tags.add(Tag.objects.create(company=company, name="Roof"))
    assert CallSerializer().to_representation(Call.objects.get(pk=call.pk))["tags"] == ["Roof"]
