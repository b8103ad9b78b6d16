"""Texts and forms in payload version 2026-05, byte for byte."""

from datetime import UTC, datetime

import pytest

from tests.integration import test_golden_form as form_tests
from tests.integration import test_golden_texts as text_tests
from tests.support.factories import make_company, make_form, make_subscription
from tests.support.golden import assert_body, assert_keys, body_of

pytestmark = pytest.mark.django_db
WIRE = "2026-05"

SENT = r"""
{"resource_id":"<text>",
"agent":"Zoë Example",
"source_number":"404-555-0114",
"destination_number":"770-555-0155",
"lead_status":"good_lead",
"conversation_id":"<conversation>",
"company_id":<company_id>,
"person_id":"<person>",
"thread_resource_id":"<thread>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"mms",
"media_urls":["https://example.com/roof.jpg","https://example.com/ä.jpg"],
"content":"  Grüezi 👋🏽!\r\n\n\t\"now\" \\ ’ ",
"sent_at":"2026-03-08T01:59:59.236-05:00",
"timestamp":"2026-03-08T01:59:59.236-05:00"}
"""
RECEIVED = r"""
{"resource_id":"<text>",
"source_number":"770-555-0155",
"destination_number":"404-555-0114",
"lead_status":"good_lead",
"conversation_id":"<conversation>",
"company_id":<company_id>,
"person_id":"<person>",
"thread_resource_id":"<thread>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"mms",
"media_urls":["https://example.com/roof.jpg","https://example.com/ä.jpg"],
"content":"  Grüezi 👋🏽!\r\n\n\t\"now\" \\ ’ ",
"received_at":"2026-03-08T01:59:59.236-05:00",
"timestamp":"2026-03-08T01:59:59.236-05:00"}
"""
SENT_EMPTIEST = r"""
{"resource_id":"<text>",
"source_number":"404-555-0114",
"destination_number":"+442079460018",
"lead_status":null,
"conversation_id":"<conversation>",
"company_id":<company_id>,
"person_id":"<person>",
"thread_resource_id":"<thread>",
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"message_type":"sms",
"media_urls":[],
"content":"",
"sent_at":"2026-03-08T03:00:00.000-04:00",
"timestamp":"2026-03-08T03:00:00.000-04:00"}
"""
FORM = r"""
{"resource_id":"<form>",
"company_id":<company_id>,
"company_resource_id":"<company>",
"person_resource_id":"<person>",
"lead_status":"good_lead",
"form_data":{"name":"Zoë \"Z\" Ångström 👋","email":"Zoe@Example.com","phones":"a, b","message":" two\r\nlines ",
"how many":"3","subscribe":"true"},
"url":"https://example.com/contact?a=1&b=ü",
"form_url":"https://example.com/contact?a=1&b=ü",
"source":"google_paid",
"keywords":"roof repair",
"campaign":"Frühjahr",
"medium":"cpc",
"landing":"https://example.com/roof",
"landing_page_url":"https://example.com/roof",
"referrer":"google",
"referrer_url":"https://google.example.com/?q=roof",
"referring_url":"https://google.example.com/?q=roof",
"timeline_url":"https://hooks.example.com/forms/<form>/timeline",
"utm_source":"us",
"utm_medium":"um",
"utm_campaign":"ua",
"submitted_at":"2026-07-04T08:00:00.236-04:00",
"first_form":true,
"utma":"ma",
"utmb":"mb",
"utmc":"mc",
"utmv":"mv",
"utmz":"mz",
"ga":"GA1.2.3",
"session_uuid":"0198c0de-0000-7000-8000-00000000abcd",
"created_at":"2026-07-04T08:00:01.500-04:00",
"updated_at":"2026-07-04T08:00:01.500-04:00",
"hidden":false,
"fcid":"f7",
"timestamp":"2026-07-04T08:00:00.236-04:00"}
"""
FORM_EMPTIEST = r"""
{"resource_id":"<form>",
"company_id":<company_id>,
"company_resource_id":"<company>",
"person_resource_id":null,
"lead_status":null,
"form_data":{},
"url":null,
"form_url":null,
"source":null,
"keywords":null,
"campaign":null,
"medium":null,
"landing":null,
"landing_page_url":null,
"referrer":null,
"referrer_url":null,
"referring_url":null,
"timeline_url":"https://hooks.example.com/forms/<form>/timeline",
"utm_source":null,
"utm_medium":null,
"utm_campaign":null,
"submitted_at":"2026-02-04T07:00:00.000-05:00",
"first_form":true,
"utma":null,
"utmb":null,
"utmc":null,
"utmv":null,
"utmz":null,
"ga":null,
"session_uuid":null,
"created_at":"2026-02-04T07:00:01.000-05:00",
"updated_at":"2026-02-04T07:00:01.000-05:00",
"hidden":false,
"fcid":null,
"timestamp":"2026-02-04T07:00:00.000-05:00"}
"""


@pytest.fixture(autouse=True)
def _public_url(settings):
    settings.PUBLIC_URL = "https://hooks.example.com"


@pytest.fixture(autouse=True)
def _wanted(monkeypatch):
    """Companies of the article's tests have a subscription in this version too."""

    def wanting(*args, **fields):
        company = make_company(*args, **fields)
        make_subscription(company, payload_version=WIRE)
        return company

    monkeypatch.setattr(text_tests, "make_company", wanting)
    monkeypatch.setattr(form_tests, "make_company", wanting)


def ids(text):
    found = {**text_tests.ids(text), "company_id": text.company_id, "thread": text.thread.resource_id}
    del found["id"]
    return found


def test_sent():
    text = text_tests.full_text("outbound")
    assert_body(body_of(text, "text_message_sent", WIRE), SENT, **ids(text))
    text = text_tests.emptiest_text("outbound")
    assert_body(body_of(text, "text_message_sent", WIRE), SENT_EMPTIEST, **ids(text))


def test_received():
    text = text_tests.full_text("inbound")
    assert_body(body_of(text, "text_message_received", WIRE), RECEIVED, **ids(text))


def test_media_that_came_by_http_are_given_through_this_service(client):
    company = make_company()
    make_subscription(company, payload_version=WIRE)
    from tests.support.factories import make_text

    text = make_text(company, media_urls=["https://example.com/1.jpg", "http://example.com/2.jpg"])
    body = body_of(text, "text_message_received", WIRE).decode()
    ours = f"https://hooks.example.com/texts/{text.resource_id}/media/1?access_key="
    assert f'"media_urls":["https://example.com/1.jpg","{ours}' in body
    # The article gives what came.
    assert b'"media_urls":["https://example.com/1.jpg","http://example.com/2.jpg"]' in body_of(
        text, "text_message_received"
    )


def test_a_form():
    form = form_tests.full_form(
        lead_status="good_lead",
        utma="ma",
        utmb="mb",
        utmc="mc",
        utmv="mv",
        utmz="mz",
        ga="GA1.2.3",
        session_uuid="0198c0de-0000-7000-8000-00000000abcd",
        fcid="f7",
        created_at=datetime(2026, 7, 4, 12, 0, 1, 500_000, tzinfo=UTC),
    )
    names = {"company_id": form.company_id, "form": form.resource_id, "company": form.company.resource_id}
    assert_body(body_of(form, "form_submission", WIRE), FORM, **names, person=form.person.resource_id)
    # The article's body has none of it.
    assert_keys(body_of(form, "form_submission"), form_tests.KEYS)


def test_the_emptiest_form():
    company = make_company()
    make_subscription(company, payload_version=WIRE)
    form = make_form(
        company,
        form_data={},
        submitted_at=datetime(2026, 2, 4, 12, tzinfo=UTC),
        created_at=datetime(2026, 2, 4, 12, 0, 1, tzinfo=UTC),
    )
    names = {"company_id": form.company_id, "form": form.resource_id, "company": form.company.resource_id}
    assert_body(body_of(form, "form_submission", WIRE), FORM_EMPTIEST, **names)
