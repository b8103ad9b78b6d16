"""A request and its body are freed with the answer. Hundreds of large ones would wait for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
from rest_framework.request import Request

from callhooks_site.vendor_api.views import VendorView
from subscriptions.api.kit.views import TenantViewSet
from tests.support.api import program
from tests.support.factories import make_call, make_company
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
FORM = {"form_data": {"name": "Ann Example"}, "form_url": "https://www.example.com/contact"}


@pytest.fixture
def left() -> Iterator[Callable[[], int]]:
    """How many requests and views there are that the garbage collector has still to find."""
    gc.collect()
    gc.disable()
    before = number()  # some are kept by others, such as the views that describe the API
    yield lambda: number() - before
    gc.enable()


def number() -> int:
    return sum(isinstance(each, (Request, TenantViewSet, VendorView)) for each in gc.get_objects())


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "0b5a-first"}], ids=["plain", "idempotent"])
def test_one_that_is_accepted(headers, left):
    answer = program(make_company()).post("/api/v1/forms/", FORM, headers=headers)
    assert answer.status_code == 201
    assert left() == 0


def test_one_that_is_refused(left):
    answer = program(make_company()).post("/api/v1/calls/", {"nothing": "x" * 1000})
    assert answer.status_code == 400
    assert left() == 0


def test_one_that_changes_something(left):
    company = make_company()
    call = make_call(company)
    answer = program(company).patch(f"/api/v1/calls/{call.resource_id}/", {"note": "Called about a roof"})
    assert answer.status_code == 200
    assert left() == 0


def test_one_of_the_vendors_api(left):
    vendor = Vendor(make_company())
    assert vendor.send("get", "calls.json").status_code == 200
    assert vendor.send("post", "calls.json", {"nothing": "x" * 1000}).status_code == 403
    assert left() == 0
