"""Post-Call, byte for byte."""

import pytest

from tests.support.events import bodies_of
from tests.support.factories import make_call, make_company
from tests.support.golden import assert_body, assert_keys, body_of
from tests.support.post_call_bodies import EMPTIEST, FULL, KEYS
from tests.support.post_calls import START, emptiest_call, full_call, ids_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _public_url(settings):
    settings.PUBLIC_URL = "https://hooks.example.com"


def test_a_full_post_call():
    call, good = full_call()
    assert_body(
        body_of(call, "post_call"),
        FULL,
        company_id=call.company_id,
        company=call.company.resource_id,
        person=call.person.resource_id,
        call=call.resource_id,
        tracker=call.tracker.resource_id,
        good_lead_call_id=good.pk,
    )


def test_the_emptiest_post_call():
    call = emptiest_call()
    assert_body(body_of(call, "post_call"), EMPTIEST, **ids_of(call))


def test_exactly_these_keys_in_this_order():
    assert_keys(body_of(full_call()[0], "post_call"), KEYS)


def test_nothing_at_the_top_level_is_null():
    call, _ = full_call()
    assert None not in bodies_of(call, "post_call")[0].values()
    missed = make_call(make_company(), customer_phone_number="", start_time=START, ended_at=START)
    assert None not in bodies_of(missed, "post_call")[0].values()
