"""Who calls whom, and which of a provider's addresses are phone numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callhooks_site.intake.providers import callback_facts, fact_merging
from callhooks_site.intake.providers.addresses import normalise_number
from callhooks_site.intake.providers.call_state import build_call_fields
from callhooks_site.intake.providers.callback_request import CallbackParams
from tests.support.twilio import BUSINESS, CUSTOMER, TRACKING, at, call, leg

T0 = datetime(2026, 3, 2, 18, 41, tzinfo=UTC)
ONE, LEG, AGENT = "CA" + "1" * 32, "CA" + "2" * 32, "+14045550177"
TO_AGENT = {"From": TRACKING, "To": AGENT, "Direction": "outbound-api", "ToCity": "ATLANTA"}
TO_CUSTOMER = {"From": TRACKING, "To": CUSTOMER, "ToCity": "DALLAS", "ToState": "TX"}


def read(*callbacks):
    facts = [callback_facts.extract_facts(CallbackParams(one), T0 + timedelta(minutes=5)) for one in callbacks]
    return build_call_fields(
        fact_merging.merge_facts(facts),
        is_tracking=lambda phone: phone == TRACKING,
        is_business=lambda phone: phone == BUSINESS,
        region="US",
    )


def after(seconds):
    return {"Timestamp": at(T0 + timedelta(seconds=seconds))}


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("+12145550123", CUSTOMER),
        ("(214) 555-0123", CUSTOMER),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+525512345678"),
        ("whatsapp:+12145550123", CUSTOMER),
        ("whatsapp:+5215512345678", "+525512345678"),
        ("rcs:+12145550123", CUSTOMER),
        ("rcs:brand_12145550123_agent", ""),
        ("client:+12145550123", ""),
        ("client:sam", ""),
        ("sip:+12145550123@pbx.example.com", ""),
        ("sip:12145550123@pbx.example.com:5060", ""),
        ("messenger:2145550123", ""),
        ("messenger:100012145550123", ""),
        ("72645", ""),
        ("ACME", ""),
        ("1-800-FLOWERS", ""),
        ("+1214555012", ""),
        ("+99912345678", ""),
        ("Anonymous", ""),
        ("+266696687", ""),
        ("+7378742833", ""),
        ("+2562533", ""),
        ("", ""),
    ],
)
def test_which_addresses_are_numbers(address, number):
    assert normalise_number(address, "US") == number


@pytest.mark.parametrize("address", ["+1214555012", "sip:ann@pbx.example.com", "client:+12145550123", "Anonymous"])
def test_what_is_no_number_is_kept_as_reported(address):
    fields = read(call(ONE, "ringing", From=address))
    assert (fields["customer_phone_number"], fields["customer_as_reported"]) == ("", address)
    assert read(call(ONE, "ringing"))["customer_as_reported"] == ""


def test_click_to_call_has_the_customer_at_its_second_leg():
    first = read(call(ONE, "in-progress", **TO_AGENT, **after(3)))
    assert (first["direction"], first["customer_phone_number"]) == ("outbound", AGENT), "nothing else is known yet"
    ringing = leg(ONE, LEG, "ringing", **TO_CUSTOMER, **after(5))
    fields = read(call(ONE, "in-progress", **TO_AGENT, **after(3)), ringing)
    assert fields["customer_phone_number"] == CUSTOMER
    assert (fields["tracking_phone_number"], fields["business_phone_number"]) == (TRACKING, AGENT)
    assert (fields["customer_city"], fields["customer_state"]) == ("DALLAS", "TX")
    assert fields["answered_at"] is None, "the agent has picked up, the customer has not"
    talks = leg(ONE, LEG, "in-progress", **TO_CUSTOMER, **after(9))
    assert read(call(ONE, "in-progress", **TO_AGENT), talks)["answered_at"] == T0 + timedelta(seconds=9)


def test_an_agent_s_browser_or_known_number_is_no_customer():
    assert read(call(ONE, "ringing", **{**TO_AGENT, "To": BUSINESS}))["customer_phone_number"] == ""
    fields = read(call(ONE, "ringing", **{**TO_AGENT, "To": "client:sam"}))
    assert (fields["customer_phone_number"], fields["customer_as_reported"]) == ("", "client:sam")


@pytest.mark.parametrize("to", [BUSINESS, TRACKING, "client:sam", "sip:desk@pbx.example.com"])
def test_a_customer_who_is_called_first_and_then_connected_to_the_company(to):
    out = {"From": TRACKING, "To": CUSTOMER, "Direction": "outbound-api"}
    answered = call(ONE, "in-progress", **out, **after(4))
    fields = read(answered, leg(ONE, LEG, "no-answer", From=TRACKING, To=to, **after(20)))
    assert fields["customer_phone_number"] == CUSTOMER
    assert fields["answered_at"] == T0 + timedelta(seconds=4)


def test_the_tracking_number_is_the_one_that_is_ours():
    shown = {**TO_AGENT, "From": "+14045550111"}
    fields = read(call(ONE, "ringing", **shown), leg(ONE, LEG, "ringing", **TO_CUSTOMER))
    assert fields["tracking_phone_number"] == TRACKING


def test_the_number_that_rang_first_where_nobody_picked_up():
    fields = read(
        call(ONE, "ringing"),
        leg(ONE, "CA" + "9" * 32, "no-answer", To="+14045550188", **after(9)),
        leg(ONE, LEG, "no-answer", To="+14045550189", **after(30)),
    )
    assert fields["business_phone_number"] == "+14045550188"
