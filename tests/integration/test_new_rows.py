"""A new row is what the model's constructor makes, made more quickly."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

from calls.models import Call
from forms_intake.models import FormSubmission
from subscriptions.models import Company, new_rows

pytestmark = pytest.mark.parametrize("model", [Call, FormSubmission])


def values_of(row: Model) -> dict[str, Any]:
    """By field. A default that each row has its own of stands for all of its kind."""
    found = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: type(value) if is_own(row, name, value) else value for name, value in found.items()}


def is_own(row: Model, name: str, value: object) -> bool:
    field: Any = row._meta.get_field(name)
    default = field.default
    return isinstance(value, DatabaseDefault) or (callable(default) and default not in (dict, list))


def test_its_values_are_those_of_the_constructor(model):
    usual, quick = model(), new_rows.build_new(model)
    assert values_of(quick) == values_of(usual)
    assert quick.__dict__.keys() == usual.__dict__.keys()
    assert quick._state.adding
    assert quick._state.db is None
    company = Company(pk=3)
    named = new_rows.build_new(model, company=company, source="google")
    assert (named.company, named.company_id, named.source) == (company, 3, "google")


def test_no_two_rows_share_what_can_be_changed(model):
    one, other = new_rows.build_new(model), new_rows.build_new(model)
    assert one.resource_id != other.resource_id
    for field in model._meta.concrete_fields:
        value = getattr(one, field.attname)
        if isinstance(value, dict | list):
            assert value is not getattr(other, field.attname), field.attname


def test_a_name_that_is_no_field_is_refused(model):
    with pytest.raises(TypeError, match="has no field colour"):
        new_rows.build_new(model, colour="red")
