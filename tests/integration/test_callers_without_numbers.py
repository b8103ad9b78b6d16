"""A caller whose address is no phone number is nobody's customer record, and what the provider wrote stays visible."""

from __future__ import annotations

import pytest
from django.urls import reverse

from calls.models import Call, Person
from tests.support import factories
from tests.support.admin import login
from tests.support.twilio import BUSINESS, CUSTOMER, TRACKING, call, leg, make_tracked_source, send, sid

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return make_tracked_source(destination=BUSINESS)


@pytest.mark.sample(every=2)
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+1214555012", "+1214555012"),
        ("sip:ann@pbx.example.com", "sip:ann@pbx.example.com"),
        ("+266696687", "Number withheld (reported as +266696687)"),
        ("", "Number withheld"),
    ],
)
def test_what_was_reported_is_shown(source, address, shown):
    send(source, "incoming", call(sid(), "ringing", From=address))
    assert not Person.objects.exists()
    found = Call.objects.get()
    admin = login(factories.make_member(source.company))
    page = admin.get(reverse("admin:calls_call_change", args=[found.pk])).content.decode()
    assert shown in page
    assert ("Number withheld" in page) is shown.startswith("Number withheld")
    listed = admin.get(reverse("admin:calls_call_changelist")).content.decode()
    assert shown.partition(" (")[0] in listed


def test_a_client_with_a_number_for_a_name_is_nobody(source):
    one = sid()
    send(source, "voice", call(one, "ringing", From="client:+12145550123", To="+12145550124"))
    send(source, "voice", leg(one, sid(), "ringing", From=TRACKING, To="client:+12145550199"))
    assert not Person.objects.exists()
    send(source, "voice", leg(one, sid(), "ringing", From=TRACKING, To="+12145550124"))
    assert list(Person.objects.values_list("phone", flat=True)) == ["+12145550124"]


@pytest.mark.parametrize("known", [True, False], ids=["known before", "new"])
def test_the_agent_of_click_to_call_is_no_customer(source, known):
    one, agent = sid(), "+14045550177"
    if known:
        factories.make_call(source.company, customer_phone_number=agent)
    send(source, "voice", call(one, "ringing", From=TRACKING, To=agent, Direction="outbound-api"))
    assert Call.objects.get(external_id=one).person.phone == agent
    send(source, "voice", leg(one, sid(), "ringing", From=TRACKING, To=CUSTOMER))
    found = Call.objects.get(external_id=one)
    assert (found.person.phone, found.business_phone_number) == (CUSTOMER, agent)
    assert Person.objects.filter(phone=agent).exists() is known
