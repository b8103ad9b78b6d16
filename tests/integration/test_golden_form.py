"""Form Submission, byte for byte."""

from datetime import UTC, datetime

import pytest

from tests.support.factories import make_company, make_form, make_subscription
from tests.support.golden import assert_body, assert_keys, body_of

pytestmark = pytest.mark.django_db

KEYS = """
id company_id form_data form_url landing_page_url referrer submitted_at referring_url first_form source keywords
campaign medium utm_source utm_medium utm_campaign resource_id company_resource_id person_resource_id timestamp
""".split()

FULL = r"""
{"id":<id>,
"company_id":<company_id>,
"form_data":{"name":"Zoë \"Z\" Ångström 👋","email":"Zoe@Example.com","phones":"a, b","message":" two\r\nlines ",
"how many":"3","subscribe":"true"},
"form_url":"https://example.com/contact?a=1&b=ü",
"landing_page_url":"https://example.com/roof",
"referrer":"google",
"submitted_at":"2026-07-04T08:00:00.236-04:00",
"referring_url":"https://google.example.com/?q=roof",
"first_form":true,
"source":"google_paid",
"keywords":"roof repair",
"campaign":"Frühjahr",
"medium":"cpc",
"utm_source":"us",
"utm_medium":"um",
"utm_campaign":"ua",
"resource_id":"<form>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"timestamp":"2026-07-04T08:00:00.236-04:00"}
"""

EMPTIEST = """
{"id":<id>,
"company_id":<company_id>,
"form_data":{},
"form_url":null,
"landing_page_url":null,
"referrer":null,
"submitted_at":"2026-02-04T07:00:00.000-05:00",
"referring_url":null,
"first_form":true,
"source":null,
"keywords":null,
"campaign":null,
"medium":null,
"utm_source":null,
"utm_medium":null,
"utm_campaign":null,
"resource_id":"<form>",
"company_resource_id":"<company>",
"person_resource_id":null,
"timestamp":"2026-02-04T07:00:00.000-05:00"}
"""


def full_form(**fields):
    company = make_company(time_zone="America/New_York")
    make_subscription(company, payload_version="2026-05")
    return make_form(
        company,
        **fields,
        form_data={
            "name": 'Zoë "Z" Ångström 👋',
            "email": "Zoe@Example.com",
            "phones": ["a", "b"],
            "message": " two\r\nlines ",
            "how many": 3,
            "subscribe": True,
        },
        form_url="https://example.com/contact?a=1&b=ü",
        landing_page_url="https://example.com/roof",
        referrer="google",
        referring_url="https://google.example.com/?q=roof",
        submitted_at=datetime(2026, 7, 4, 12, 0, 0, 236_000, tzinfo=UTC),
        source="google_paid",
        keywords="roof repair",
        campaign="Frühjahr",
        medium="cpc",
        utm_source="us",
        utm_medium="um",
        utm_campaign="ua",
    )


def test_a_full_form():
    form = full_form()
    assert_body(
        body_of(form, "form_submission"),
        FULL,
        id=form.pk,
        company_id=form.company_id,
        form=form.resource_id,
        company=form.company.resource_id,
        person=form.person.resource_id,
    )


def test_the_emptiest_form():
    form = make_form(make_company(), form_data={}, submitted_at=datetime(2026, 2, 4, 12, tzinfo=UTC))
    assert_body(
        body_of(form, "form_submission"),
        EMPTIEST,
        id=form.pk,
        company_id=form.company_id,
        form=form.resource_id,
        company=form.company.resource_id,
    )


def test_exactly_these_keys_in_this_order():
    assert_keys(body_of(full_form(), "form_submission"), KEYS)


def test_ids_are_three_letters_and_32_hex_digits():
    form = full_form()
    assert form.resource_id.startswith("FRM")
    assert len(form.resource_id) == 35
    assert set(form.resource_id[3:]) <= set("0123456789abcdef")
