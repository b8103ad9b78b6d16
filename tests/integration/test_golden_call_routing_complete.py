"""Call Routing Complete, byte for byte: Pre-Call as things are now, the business number, and what the flow set."""

from datetime import UTC, datetime

import pytest

from calls.models import Tag
from tests.support.events import bodies_of
from tests.support.factories import make_call, make_company, make_tracker
from tests.support.golden import assert_body, assert_keys, body_of

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 1, 5, 59, 58, 7_000, tzinfo=UTC)
ALWAYS = """
answered call_type formatted_call_type customer_city customer_country customer_name customer_number
customer_phone_number customer_state company_id company_name company_resource_id company_time_zone created_at direction
duration formatted_duration first_call formatted_tracking_phone_number person_resource_id prior_calls resource_id
source_name start_time total_calls tracker_resource_id tracking_phone_number voicemail timestamp
business_phone_number formatted_business_phone_number
""".split()
WHERE_SET = """
tags source medium campaign keywords referrer referrer_domain referring_url landing_page_url last_requested_url
utm_source utm_medium utm_term utm_content utm_campaign ga gclid fbclid msclkid
""".split()

FULL = """
{"answered":true,
"call_type":"in_progress",
"formatted_call_type":"In Progress",
"customer_city":"Rochester",
"customer_country":"US",
"customer_name":"Kaylah Mills",
"customer_number":"+12148654559",
"customer_phone_number":"+12148654559",
"customer_state":"PA",
"company_id":<company_id>,
"company_name":"Acme Dental",
"company_resource_id":"<company>",
"company_time_zone":"America/New_York",
"created_at":"2026-11-01T01:00:00.000-05:00",
"direction":"inbound",
"duration":"0",
"formatted_duration":"0s",
"first_call":true,
"formatted_tracking_phone_number":"404-555-0114",
"person_resource_id":"<person>",
"prior_calls":0,
"resource_id":"<call>",
"source_name":"Google AdWords",
"start_time":"2026-11-01T01:59:58.007-04:00",
"total_calls":1,
"tracker_resource_id":"<tracker>",
"tracking_phone_number":"+14045550114",
"voicemail":false,
"timestamp":"2026-11-01T01:59:58.007-04:00",
"business_phone_number":"+442079460018",
"formatted_business_phone_number":"+44 20 7946 0018",
"tags":["Dächer","New"],
"source":"Google Paid",
"medium":"cpc",
"campaign":"Früh\\tjahr",
"keywords":"roof repair",
"referrer":"google",
"referrer_domain":"google.example.com",
"referring_url":"https://google.example.com/?q=roof&b=2",
"landing_page_url":"https://example.com/roof",
"last_requested_url":"https://example.com/contact",
"utm_source":"us",
"utm_medium":"um",
"utm_term":"ut",
"utm_content":"uc",
"utm_campaign":"ua",
"ga":"GA1.2.3",
"gclid":"g1",
"fbclid":"f1",
"msclkid":"m1"}
"""

EMPTIEST = """
{"answered":false,
"call_type":"missed",
"formatted_call_type":"Missed Call",
"customer_city":"",
"customer_country":"",
"customer_name":"",
"customer_number":"",
"customer_phone_number":"",
"customer_state":"",
"company_id":<company_id>,
"company_name":"Acme Dental",
"company_resource_id":"<company>",
"company_time_zone":"America/New_York",
"created_at":"2026-11-01T01:00:00.000-05:00",
"direction":"inbound",
"duration":"0",
"formatted_duration":"0s",
"first_call":true,
"formatted_tracking_phone_number":"404-555-0114",
"person_resource_id":"",
"prior_calls":0,
"resource_id":"<call>",
"source_name":"Google AdWords",
"start_time":"2026-11-01T01:59:58.007-04:00",
"total_calls":1,
"tracker_resource_id":"<tracker>",
"tracking_phone_number":"+14045550114",
"voicemail":false,
"timestamp":"2026-11-01T01:59:58.007-04:00",
"business_phone_number":"",
"formatted_business_phone_number":""}
"""


def routed_call(**fields):
    company = make_company(time_zone="America/New_York")
    tracker = make_tracker(company, phone_number="+14045550114", name="Google AdWords")
    # One o'clock comes twice that night.
    times = {"start_time": START, "created_at": datetime(2026, 11, 1, 6, 0, tzinfo=UTC)}
    return make_call(company, tracker, routed_at=START, **{**times, **fields})


def full_call():
    # The whole test is one transaction: the tags belong to the moment.
    call = routed_call(
        answered_at=START,
        customer_phone_number="+12148654559",
        customer_name="Kaylah Mills",
        customer_city="Rochester",
        customer_state="PA",
        customer_country="US",
        business_phone_number="+44 20 7946 0018",
        source="google_paid",
        medium="cpc",
        campaign="Früh\tjahr",
        keywords="roof repair",
        referrer="google",
        referrer_domain="google.example.com",
        referring_url="https://google.example.com/?q=roof&b=2",
        landing_page_url="https://example.com/roof",
        last_requested_url="https://example.com/contact",
        utm_source="us",
        utm_medium="um",
        utm_term="ut",
        utm_content="uc",
        utm_campaign="ua",
        ga="GA1.2.3",
        gclid="g1",
        fbclid="f1",
        msclkid="m1",
        note="none of its business",
    )
    call.tags.set([Tag.objects.create(company=call.company, name=name) for name in ("New", "Dächer")])
    return call


def ids(call):
    return {
        "company_id": call.company_id,
        "company": call.company.resource_id,
        "call": call.resource_id,
        "tracker": call.tracker.resource_id,
    }


def test_a_full_call_routing_complete():
    call = full_call()
    assert_body(body_of(call, "call_routing_complete"), FULL, person=call.person.resource_id, **ids(call))


def test_the_emptiest_call_routing_complete():
    call = routed_call(customer_phone_number="")
    assert_body(body_of(call, "call_routing_complete"), EMPTIEST, **ids(call))


def test_exactly_these_keys_in_this_order():
    assert_keys(body_of(full_call(), "call_routing_complete"), [*ALWAYS, *WHERE_SET])


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("key", [key for key in WHERE_SET if key != "tags"])
def test_each_attribution_key_is_there_only_where_it_is_set(key):
    call = routed_call(**{key: "x"})
    assert_keys(body_of(call, "call_routing_complete"), [*ALWAYS, key])
    assert bodies_of(call, "call_routing_complete")[0][key] == ("X" if key == "source" else "x")
