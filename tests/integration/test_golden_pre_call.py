"""Pre-Call, byte for byte."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.events import bodies_of
from tests.support.factories import make_call, make_company, make_tracker
from tests.support.golden import assert_body, assert_keys, body_of

pytestmark = pytest.mark.django_db

KEYS = """
answered call_type formatted_call_type customer_city customer_country customer_name customer_number
customer_phone_number customer_state company_id company_name company_resource_id company_time_zone created_at direction
duration formatted_duration first_call formatted_tracking_phone_number person_resource_id prior_calls resource_id
source_name start_time total_calls tracker_resource_id tracking_phone_number voicemail timestamp
""".split()

FULL = """
{"answered":false,
"call_type":"missed",
"formatted_call_type":"Missed Call",
"customer_city":"Reykjavík",
"customer_country":"IS",
"customer_name":"Þóra \\"Zoë\\" Ångström 👋",
"customer_number":"+12148654559",
"customer_phone_number":"+12148654559",
"customer_state":"PA",
"company_id":<company_id>,
"company_name":"Boost Märketing & <Söhne>",
"company_resource_id":"<company>",
"company_time_zone":"America/New_York",
"created_at":"2026-03-08T03:00:00.252-04:00",
"direction":"inbound",
"duration":"0",
"formatted_duration":"0s",
"first_call":false,
"formatted_tracking_phone_number":"404-555-0114",
"person_resource_id":"<person>",
"prior_calls":2,
"resource_id":"<call>",
"source_name":"Google AdWords",
"start_time":"2026-03-08T01:59:59.236-05:00",
"total_calls":3,
"tracker_resource_id":"<tracker>",
"tracking_phone_number":"+14045550114",
"voicemail":false,
"timestamp":"2026-03-08T01:59:59.236-05:00"}
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
"company_name":"A",
"company_resource_id":"<company>",
"company_time_zone":"UTC",
"created_at":"2026-01-01T00:00:00.000+00:00",
"direction":"inbound",
"duration":"0",
"formatted_duration":"0s",
"first_call":true,
"formatted_tracking_phone_number":"+44 20 7946 0018",
"person_resource_id":"",
"prior_calls":0,
"resource_id":"<call>",
"source_name":"B",
"start_time":"2025-12-31T23:59:59.999+00:00",
"total_calls":1,
"tracker_resource_id":"<tracker>",
"tracking_phone_number":"+442079460018",
"voicemail":false,
"timestamp":"2025-12-31T23:59:59.999+00:00"}
"""


def full_call():
    company = make_company("Boost Märketing & <Söhne>", time_zone="America/New_York")
    tracker = make_tracker(company, phone_number="+14045550114", name="Google AdWords", source="google_paid")
    # The clocks go forward between the call's start and its arrival here.
    start = datetime(2026, 3, 8, 6, 59, 59, 236_000, tzinfo=UTC)
    for days in (400, 3):
        make_call(company, tracker, start_time=start - timedelta(days=days), customer_phone_number="(214) 865-4559")
    return make_call(
        company,
        tracker,
        start_time=start,
        created_at=datetime(2026, 3, 8, 7, 0, 0, 252_999, tzinfo=UTC),
        customer_phone_number="214.865.4559",
        customer_name='Þóra "Zoë" Ångström 👋',
        customer_city="Reykjavík",
        customer_state="PA",
        customer_country="IS",
        # None of these is Pre-Call's business.
        business_phone_number="+12125550199",
        source="google",
        note="a note",
        duration=7,
        value=5,
    )


def test_a_full_pre_call():
    call = full_call()
    assert_body(
        body_of(call, "pre_call"),
        FULL,
        company_id=call.company_id,
        company=call.company.resource_id,
        person=call.person.resource_id,
        call=call.resource_id,
        tracker=call.tracker.resource_id,
    )


def test_the_emptiest_pre_call():
    company = make_company("A", time_zone="UTC")
    tracker = make_tracker(company, phone_number="+442079460018", name="B")
    call = make_call(
        company,
        tracker,
        customer_phone_number="",
        start_time=datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert_body(
        body_of(call, "pre_call"),
        EMPTIEST,
        company_id=company.pk,
        company=company.resource_id,
        call=call.resource_id,
        tracker=tracker.resource_id,
    )


def test_exactly_these_keys_in_this_order():
    assert_keys(body_of(full_call(), "pre_call"), KEYS)


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("America/New_York", "2026-07-04T08:00:00.005-04:00"),
        ("Asia/Kolkata", "2026-07-04T17:30:00.005+05:30"),
        ("America/St_Johns", "2026-07-04T09:30:00.005-02:30"),
        ("Pacific/Kiritimati", "2026-07-05T02:00:00.005+14:00"),
        ("Europe/London", "2026-07-04T13:00:00.005+01:00"),
        ("Africa/Abidjan", "2026-07-04T12:00:00.005+00:00"),
    ],
)
def test_times_are_the_companys_with_a_numeric_offset(zone, told):
    call = make_call(make_company(time_zone=zone), start_time=datetime(2026, 7, 4, 12, 0, 0, 5_000, tzinfo=UTC))
    (body,) = bodies_of(call, "pre_call")
    assert body["start_time"] == body["timestamp"] == told


def test_ids_are_three_letters_and_a_version_7_uuid():
    (body,) = bodies_of(full_call(), "pre_call")
    for key, prefix in (
        ("company_resource_id", "COM"),
        ("resource_id", "CAL"),
        ("tracker_resource_id", "TRK"),
        ("person_resource_id", "PER"),
    ):
        letters, digits = body[key][:3], body[key][3:]
        assert letters == prefix
        assert len(digits) == 32
        assert set(digits) <= set("0123456789abcdef")
        assert digits[12] == "7"
        assert digits[16] in "89ab"
