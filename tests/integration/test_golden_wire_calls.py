"""Calls in payload version 2026-05, byte for byte: what differs from the article's bodies, and nothing else."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from calls.models import Call, Tag
from tests.integration import test_golden_call_routing_complete as routing
from tests.integration import test_golden_pre_call as ringing
from tests.support import post_call_bodies
from tests.support.factories import ended_call, make_call, make_company, make_subscription, make_tracker
from tests.support.golden import assert_body, assert_keys, body_of
from tests.support.post_calls import emptiest_call, full_call, ids_of

pytestmark = pytest.mark.django_db
WIRE = "2026-05"
KEYS = """
answered business_phone_number call_type company_id company_name company_time_zone created_at customer_city
customer_country customer_name customer_phone_number customer_state device_type direction duration first_call
formatted_call_type formatted_customer_location formatted_business_phone_number formatted_customer_name prior_calls
formatted_customer_name_or_phone_number formatted_customer_phone_number formatted_duration
formatted_tracking_phone_number formatted_tracking_source formatted_value good_lead_call_id good_lead_call_time
lead_status note recording recording_duration source source_name start_time tags detail_tags total_calls
tracking_phone_number transcription value voicemail waveforms keywords medium referring_url landing_page_url
last_requested_url milestones referrer_domain conversational_transcript utm_source utm_medium utm_term utm_content
utm_campaign utma utmb utmc utmv utmz ga fbclid gclid integration_data keywords_spotted recording_player
speaker_percent call_highlights agent_email campaign msclkid keypad_entries recording_redirect spam timeline_url custom
call_summary lead_score lead_explanation sentiment zip_code session_uuid person_id
callercity callercountry callername callernum callerstate callsource datetime destinationnum kissmetrics_id landingpage
referrer referrermedium score tag trackingnum timestamp person_resource_id resource_id company_resource_id
tracker_resource_id
""".split()


@pytest.fixture(autouse=True)
def _public_url(settings):
    settings.PUBLIC_URL = "https://hooks.example.com"


def in_wire(text: str, custom: str = "", added: str = "") -> str:
    """The article's literal without customer_number, and with these lines after `custom`."""
    kept = [line for line in text.splitlines() if not line.startswith('"customer_number"')]
    if added:
        kept.insert(kept.index(custom) + 1, added)
    return "\n".join(kept)


FULL = in_wire(
    post_call_bodies.FULL,
    '"custom":"customer 7",',
    '"call_summary":"A leak. Wants a visit.","lead_score":"very good","lead_explanation":"Asked for a date.",'
    '"sentiment":"positive","zip_code":"15074","session_uuid":"0198c0de-0000-7000-8000-00000000abcd",'
    '"person_id":"<person>",',
)
EMPTIEST = in_wire(
    post_call_bodies.EMPTIEST,
    '"custom":"",',
    '"call_summary":"","lead_score":"","lead_explanation":"","sentiment":"","zip_code":"","session_uuid":"",'
    '"person_id":"",',
)


def test_a_full_post_call():
    call, good = full_call()
    assert_body(
        body_of(call, "post_call", WIRE),
        FULL,
        **ids_of(call),
        person=call.person.resource_id,
        good_lead_call_id=good.pk,
    )


def test_the_emptiest_post_call():
    call = emptiest_call()
    assert_body(body_of(call, "post_call", WIRE), EMPTIEST, **ids_of(call))


def test_exactly_these_keys_in_this_order():
    assert_keys(body_of(full_call()[0], "post_call", WIRE), KEYS)


def test_a_pre_call_has_no_customer_number():
    call = ringing.full_call()
    assert_body(body_of(call, "pre_call", WIRE), in_wire(ringing.FULL), **ids(call))


@pytest.fixture(autouse=True)
def _wanted(monkeypatch):
    """Companies of the article's tests have a subscription in this version too."""

    def wanting(*args, **fields):
        company = make_company(*args, **fields)
        make_subscription(company, payload_version=WIRE)
        return company

    monkeypatch.setattr(ringing, "make_company", wanting)
    monkeypatch.setattr(routing, "make_company", wanting)


def ids(call):
    return {**ids_of(call), "person": call.person.resource_id}


def test_a_call_routing_complete_has_no_customer_number():
    call = routing.full_call()
    assert_body(body_of(call, "call_routing_complete", WIRE), in_wire(routing.FULL), **ids(call))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cleaned_by_deleting")
class TestChanges:
    def call(self, version: str = WIRE) -> Call:
        company = make_company()
        make_subscription(company, payload_version=version)
        return ended_call(company, make_tracker(company))

    def test_all_at_once(self):
        call = self.call()
        before = body_of(call, "post_call", WIRE).decode()
        with transaction.atomic():
            call.note, call.call_summary, call.lead_status = "x", "y", "good_lead"
            call.save()
            call.tags.add(Tag.objects.create(company=call.company, name="Dach"))
        expected = before
        for old, new in (
            ('"note":""', '"note":"x"'),
            ('"call_summary":""', '"call_summary":"y"'),
            ('"lead_status":""', '"lead_status":"good_lead"'),
            ('"score":""', '"score":1'),
            ('"tags":[]', '"tags":["Dach"]'),
            ('"detail_tags":[]', '"detail_tags":[{"name":"Dach","level":"company","color":"gray1"}]'),
            ('"tag":""', '"tag":"Dach"'),
        ):
            assert expected.count(old) == 1
            expected = expected.replace(old, new)
        expected = expected[:-1] + ',"changes":["tag","tags","note","manual_score","call_summary"]}'
        assert body_of(call, "call_modified", WIRE) == expected.encode()
        # The article's body of the same event has the names of the
        assert body_of(call, "call_modified").endswith(b'"changes":["tags","note","manual_score"]}')

    def test_a_tag_edit(self):
        call = self.call()
        call.tags.add(Tag.objects.create(company=call.company, name="Dach"))
        assert body_of(call, "call_modified", WIRE).endswith(b'"changes":["tag","tags"]}')


def test_times_have_milliseconds_and_the_offset_of_the_zone():
    company = make_company(time_zone="Asia/Kolkata")
    make_subscription(company, payload_version=WIRE)
    call = make_call(company, start_time=datetime(2026, 7, 4, 12, 0, 0, 5_000, tzinfo=UTC))
    assert b'"start_time":"2026-07-04T17:30:00.005+05:30"' in body_of(call, "pre_call", WIRE)
