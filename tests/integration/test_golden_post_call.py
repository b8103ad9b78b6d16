"""Post-Call, byte for byte."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from calls.models import Tag
from tests.support.events import bodies_of
from tests.support.factories import ended_call, make_call, make_company, make_subscription, make_tracker
from tests.support.golden import assert_body, assert_keys, body_of

pytestmark = pytest.mark.django_db

# The night in which New York's clocks go forward, at 07:00 UTC.
START = datetime(2026, 3, 8, 6, 59, 59, 236_000, tzinfo=UTC)
KEYS = """
answered, business_phone_number, call_type, company_id, company_name, company_time_zone, created_at, customer_city,
customer_country, customer_name, customer_number, customer_phone_number, customer_state, device_type, direction,
duration, first_call, formatted_call_type, formatted_customer_location, formatted_business_phone_number,
formatted_customer_name, prior_calls, formatted_customer_name_or_phone_number, formatted_customer_phone_number,
formatted_duration, formatted_tracking_phone_number, formatted_tracking_source, formatted_value, good_lead_call_id,
good_lead_call_time, lead_status, note, recording, recording_duration, source, source_name, start_time, tags,
detail_tags, total_calls, tracking_phone_number, transcription, value, voicemail, waveforms, keywords, medium,
referring_url, landing_page_url, last_requested_url, milestones, referrer_domain, conversational_transcript,
utm_source, utm_medium, utm_term, utm_content, utm_campaign, utma, utmb, utmc, utmv, utmz, ga, fbclid, gclid,
integration_data, keywords_spotted, recording_player, speaker_percent, call_highlights, agent_email, campaign,
msclkid, keypad_entries, recording_redirect, spam, timeline_url, custom,
callercity, callercountry, callername, callernum, callerstate, callsource, datetime, destinationnum, kissmetrics_id,
landingpage, referrer, referrermedium, score, tag, trackingnum, timestamp,
person_resource_id, resource_id, company_resource_id, tracker_resource_id
""".replace(",", " ").split()

FULL = r"""
{"answered":true,
"business_phone_number":"+12125550199",
"call_type":"answered",
"company_id":<company_id>,
"company_name":"Boost Märketing & Söhne",
"company_time_zone":"America/New_York",
"created_at":"2026-03-08T03:00:00.252-04:00",
"customer_city":"Rochester",
"customer_country":"US",
"customer_name":"Zoë Ångström 👋",
"customer_number":"+12145550159",
"customer_phone_number":"+12145550159",
"customer_state":"PA",
"device_type":"mobile",
"direction":"inbound",
"duration":"3723",
"first_call":false,
"formatted_call_type":"Answered Call",
"formatted_customer_location":"Rochester, PA",
"formatted_business_phone_number":"212-555-0199",
"formatted_customer_name":"Zoë Ångström 👋",
"prior_calls":2,
"formatted_customer_name_or_phone_number":"Zoë Ångström 👋",
"formatted_customer_phone_number":"214-555-0159",
"formatted_duration":"1h 2m 3s",
"formatted_tracking_phone_number":"404-555-0114",
"formatted_tracking_source":"Google Paid",
"formatted_value":"$125.00",
"good_lead_call_id":<good_lead_call_id>,
"good_lead_call_time":"2025-06-17T10:23:33.363-04:00",
"lead_status":"good_lead",
"note":" Said: \"grüezi\" \\ </script>\r\nCall back\u0001\t ",
"recording":"https://hooks.example.com/calls/<call>/recording/redirect?access_key=aaaabbbbccccdddd",
"recording_duration":3720,
"source":"Google Paid",
"source_name":"Google AdWords",
"start_time":"2026-03-08T01:59:59.236-05:00",
"tags":["New","Roof 🏠"],
"detail_tags":[{"name":"New","level":"company","color":"gray1"},
{"name":"Roof 🏠","level":"account","color":"red2"}],
"total_calls":3,
"tracking_phone_number":"+14045550114",
"transcription":"Hello — grüezi.",
"value":"125.00",
"voicemail":false,
"waveforms":["https://example.com/waveforms/1.png"],
"keywords":"roof repair",
"medium":"cpc",
"referring_url":"https://google.example.com/?q=roof",
"landing_page_url":"https://example.com/roof",
"last_requested_url":"https://example.com/contact",
"milestones":{
"first_touch":{"event_date":"2026-02-01T10:00:00.500-05:00","ad_position":"1","campaign":"Spring","device":"Desktop",
"keywords":"roof","landing":"https://example.com/?a=b","landing_page_url_params":{"a":"b"},"match_type":"e",
"medium":"CPC","referrer":"https://google.example.com/","referrer_url_params":{"q":"roof"},
"session_browser":"Chrome","url_utm_params":{"utm_source":"g"},"source":"Google"},
"qualified":{"event_date":null,"ad_position":null,"campaign":null,"device":null,"keywords":null,"landing":null,
"landing_page_url_params":{},"match_type":null,"medium":null,"referrer":null,"referrer_url_params":{},
"session_browser":null,"url_utm_params":{},"source":"Bing"}},
"referrer_domain":"google.example.com",
"conversational_transcript":[{"speaker":"agent","phrase":"Hello — “hi”","start":0},
{"speaker":"customer","phrase":"Grüezi","start":2.5}],
"utm_source":"us",
"utm_medium":"um",
"utm_term":"ut",
"utm_content":"uc",
"utm_campaign":"ua",
"utma":"ma",
"utmb":"mb",
"utmc":"mc",
"utmv":"mv",
"utmz":"mz",
"ga":"GA1.2.3",
"fbclid":"f1",
"gclid":"g1",
"integration_data":[{"integration":"Webhooks","data":null}],
"keywords_spotted":[{"keyword":"roof","locations":[{"speaker":"agent","start":3.5},{"speaker":"customer","start":9}]}],
"recording_player":"https://hooks.example.com/calls/<call>/recording?access_key=aaaabbbbccccdddd",
"speaker_percent":{"agent":61,"customer":39},
"call_highlights":["Wants a roof"],
"agent_email":"agent@example.com",
"campaign":"Spring",
"msclkid":"m1",
"keypad_entries":["1","#"],
"recording_redirect":"https://hooks.example.com/calls/<call>/recording/redirect?access_key=aaaabbbbccccdddd",
"spam":true,
"timeline_url":"https://hooks.example.com/calls/<call>/timeline",
"custom":"customer 7",
"callercity":"Rochester",
"callercountry":"US",
"callername":"Zoë Ångström 👋",
"callernum":"+12145550159",
"callerstate":"PA",
"callsource":"google_paid",
"datetime":"2026-03-08 06:59:59",
"destinationnum":"+12125550199",
"kissmetrics_id":"k1",
"landingpage":"https://example.com/roof",
"referrer":"google",
"referrermedium":"cpc",
"score":1,
"tag":"New, Roof 🏠",
"trackingnum":"+14045550114",
"timestamp":"2026-03-08T01:59:59.236-05:00",
"person_resource_id":"<person>",
"resource_id":"<call>",
"company_resource_id":"<company>",
"tracker_resource_id":"<tracker>"}
"""

EMPTIEST = """
{"answered":false,
"business_phone_number":"",
"call_type":"missed",
"company_id":<company_id>,
"company_name":"A",
"company_time_zone":"UTC",
"created_at":"2026-03-08T07:00:00.000+00:00",
"customer_city":"",
"customer_country":"",
"customer_name":"",
"customer_number":"",
"customer_phone_number":"",
"customer_state":"",
"device_type":"",
"direction":"inbound",
"duration":"0",
"first_call":true,
"formatted_call_type":"Missed Call",
"formatted_customer_location":"",
"formatted_business_phone_number":"",
"formatted_customer_name":"",
"prior_calls":0,
"formatted_customer_name_or_phone_number":"",
"formatted_customer_phone_number":"",
"formatted_duration":"0s",
"formatted_tracking_phone_number":"404-555-0114",
"formatted_tracking_source":"",
"formatted_value":"--",
"good_lead_call_id":"",
"good_lead_call_time":"",
"lead_status":"",
"note":"",
"recording":"",
"recording_duration":"",
"source":"",
"source_name":"B",
"start_time":"2026-03-08T06:59:59.236+00:00",
"tags":[],
"detail_tags":[],
"total_calls":1,
"tracking_phone_number":"+14045550114",
"transcription":"",
"value":"",
"voicemail":false,
"waveforms":"",
"keywords":"",
"medium":"",
"referring_url":"",
"landing_page_url":"",
"last_requested_url":"",
"milestones":{},
"referrer_domain":"",
"conversational_transcript":"",
"utm_source":"",
"utm_medium":"",
"utm_term":"",
"utm_content":"",
"utm_campaign":"",
"utma":"",
"utmb":"",
"utmc":"",
"utmv":"",
"utmz":"",
"ga":"",
"fbclid":"",
"gclid":"",
"integration_data":[{"integration":"Webhooks","data":null}],
"keywords_spotted":"",
"recording_player":"",
"speaker_percent":"",
"call_highlights":[],
"agent_email":"",
"campaign":"",
"msclkid":"",
"keypad_entries":"",
"recording_redirect":"",
"spam":false,
"timeline_url":"https://hooks.example.com/calls/<call>/timeline",
"custom":"",
"callercity":"",
"callercountry":"",
"callername":"",
"callernum":"",
"callerstate":"",
"callsource":"",
"datetime":"2026-03-08 06:59:59",
"destinationnum":"",
"kissmetrics_id":"",
"landingpage":"",
"referrer":"",
"referrermedium":"",
"score":"",
"tag":"",
"trackingnum":"+14045550114",
"timestamp":"2026-03-08T06:59:59.236+00:00",
"person_resource_id":"",
"resource_id":"<call>",
"company_resource_id":"<company>",
"tracker_resource_id":"<tracker>"}
"""


@pytest.fixture(autouse=True)
def _public_url(settings):
    settings.PUBLIC_URL = "https://hooks.example.com"


def full_call(**fields):
    """The call, and the good lead that its customer was before."""
    company = make_company("Boost Märketing & Söhne", time_zone="America/New_York")
    make_subscription(company, payload_version="2026-05")
    tracker = make_tracker(company, phone_number="+14045550114", name="Google AdWords", source="google_paid")
    customer = {"customer_phone_number": "+12145550159"}
    make_call(company, tracker, start_time=START - timedelta(days=1), **customer)
    good = make_call(
        company,
        tracker,
        start_time=datetime(2025, 6, 17, 14, 23, 33, 363_000, tzinfo=UTC),
        lead_status="good_lead",
        **customer,
    )
    call = ended_call(
        company,
        tracker,
        start_time=START,
        routed_at=START + timedelta(seconds=2),
        answered_at=START + timedelta(seconds=4),
        ended_at=START + timedelta(hours=1, minutes=2, seconds=7, milliseconds=999),
        created_at=datetime(2026, 3, 8, 7, 0, 0, 252_000, tzinfo=UTC),
        **customer,
        customer_name="Zoë Ångström 👋",
        customer_city="Rochester",
        customer_state="PA",
        customer_country="US",
        business_phone_number="(212) 555-0199",
        agent_email="agent@example.com",
        device_type="mobile",
        keypad_entries=["1", "#"],
        recording_url="https://example.com/recordings/1.mp3?a=1&b=2",
        recording_duration=3720,
        recording_access_key="aaaabbbbccccdddd",
        waveforms=["https://example.com/waveforms/1.png"],
        transcription_text="Hello — grüezi.",
        conversational_transcript=[
            {"start": 0, "phrase": "Hello — “hi”", "speaker": "agent"},
            {"speaker": "customer", "phrase": "Grüezi", "start": 2.5},
        ],
        speaker_percent={"agent": 61, "customer": 39},
        keywords_spotted=[
            {"locations": [{"start": 3.5, "speaker": "agent"}, {"speaker": "customer", "start": 9}], "keyword": "roof"}
        ],
        call_highlights=["Wants a roof"],
        note=' Said: "grüezi" \\ </script>\r\nCall back\x01\t ',
        value=Decimal("125"),
        lead_status="good_lead",
        spam=True,
        source="google_paid",
        medium="cpc",
        campaign="Spring",
        keywords="roof repair",
        referrer="google",
        referrer_domain="google.example.com",
        referring_url="https://google.example.com/?q=roof",
        landing_page_url="https://example.com/roof",
        last_requested_url="https://example.com/contact",
        utm_source="us",
        utm_medium="um",
        utm_term="ut",
        utm_content="uc",
        utm_campaign="ua",
        utma="ma",
        utmb="mb",
        utmc="mc",
        utmv="mv",
        utmz="mz",
        ga="GA1.2.3",
        gclid="g1",
        fbclid="f1",
        msclkid="m1",
        kissmetrics_id="k1",
        custom="customer 7",
        milestones={
            "last_touch": None,
            "qualified": {"source": "Bing", "campaign": ""},
            "first_touch": {
                "source": "Google",
                "event_date": "2026-02-01T15:00:00.500Z",
                "ad_position": "1",
                "campaign": "Spring",
                "device": "Desktop",
                "keywords": "roof",
                "landing": "https://example.com/?a=b",
                "landing_page_url_params": {"a": "b"},
                "match_type": "e",
                "medium": "CPC",
                "referrer": "https://google.example.com/",
                "referrer_url_params": {"q": "roof"},
                "session_browser": "Chrome",
                "url_utm_params": {"utm_source": "g"},
            },
        },
        call_summary="A leak. Wants a visit.",
        lead_score="very good",
        lead_explanation="Asked for a date.",
        sentiment="positive",
        zip_code="15074",
        session_uuid="0198c0de-0000-7000-8000-00000000abcd",
        **fields,
    )
    # The whole test is one transaction: the tags are part of post_call.
    roof = Tag.objects.create(company=company, name="Roof 🏠", level="account", color="red2")
    call.tags.set([roof, Tag.objects.create(company=company, name="New")])
    return call, good


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


def emptiest_call():
    company = make_company("A", time_zone="UTC")
    make_subscription(company, payload_version="2026-05")
    tracker = make_tracker(company, phone_number="+14045550114", name="B")
    return make_call(
        company,
        tracker,
        customer_phone_number="",
        start_time=START,
        ended_at=START,
        created_at=datetime(2026, 3, 8, 7, tzinfo=UTC),
    )


def ids_of(call):
    return {
        "company_id": call.company_id,
        "company": call.company.resource_id,
        "call": call.resource_id,
        "tracker": call.tracker.resource_id,
    }


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
