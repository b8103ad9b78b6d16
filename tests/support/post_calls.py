"""The fullest call and the emptiest, for tests of their bodies."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from calls.models import Tag
from tests.support.factories import ended_call, make_call, make_company, make_subscription, make_tracker

# The night in which New York's clocks go forward, at 07:00 UTC.
START = datetime(2026, 3, 8, 6, 59, 59, 236_000, tzinfo=UTC)


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
