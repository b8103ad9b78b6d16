"""Another company's objects are not there: not to be read, changed, found or named."""

from __future__ import annotations

import pytest

from calls.models import Call, Tag
from subscriptions.models import Delivery, Event, Subscription
from tests.support.api import PROBLEM, program, ringing, wrong
from tests.support.factories import make_call, make_company, make_form, make_subscription, make_text, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs():
    company = make_company("Theirs")
    make_subscription(company)
    tracker = make_tracker(company)
    call = make_call(company, tracker)
    call.tags.add(Tag.objects.create(company=company, name="Theirs"))
    make_text(company, tracker)
    make_form(company)
    return company


@pytest.fixture
def api():
    return program(make_company("Ours"))


def addresses(company):
    call = Call.objects.get(company=company)
    text, form = company.threads.get().texts.get(), call.company.people.exclude(email="").get().forms.get()
    return {
        "calls": call.resource_id,
        "texts": text.resource_id,
        "forms": form.resource_id,
        "trackers": call.tracker.resource_id,
        "people": call.person.resource_id,
        "tags": call.tags.get().pk,
        "subscriptions": company.subscriptions.get().resource_id,
        "deliveries": Delivery.objects.filter(company=company).first().pk,
        "events": Event.objects.filter(company=company).first().webhook_id,
    }


def test_their_own_program_finds_them(theirs):
    client = program(theirs)
    for kind, name in addresses(theirs).items():
        assert client.get(f"/api/v1/{kind}/{name}/").status_code == 200, kind
        assert len(client.get(f"/api/v1/{kind}/").json()["results"]) >= 1, kind


def test_nothing_of_theirs_can_be_read(theirs, api):
    for kind, name in addresses(theirs).items():
        response = api.get(f"/api/v1/{kind}/{name}/")
        assert (response.status_code, response["Content-Type"]) == (404, PROBLEM), kind
        assert api.get(f"/api/v1/{kind}/").json()["results"] == [], kind


def test_nothing_of_theirs_can_be_changed(theirs, api):
    of = addresses(theirs)
    subscription, delivery = f"/api/v1/subscriptions/{of['subscriptions']}/", f"/api/v1/deliveries/{of['deliveries']}/"
    before = (Subscription.objects.values().get(), list(Delivery.objects.values()), Call.objects.values().get())
    answers = [
        api.patch(f"/api/v1/calls/{of['calls']}/", {"note": "ours"}),
        api.patch(f"/api/v1/trackers/{of['trackers']}/", {"name": "ours"}),
        api.patch(subscription, {"name": "ours"}),
        api.delete(subscription),
        api.post(subscription + "secret/"),
        *(api.post(f"{subscription}{verb}/", {}) for verb in ("pause", "resume", "rotate", "send-now")),
        *(api.post(f"{delivery}{verb}/", {}) for verb in ("resend", "send-now", "cancel")),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    some = api.post("/api/v1/deliveries/send-now/", {"deliveries": [of["deliveries"]]})
    assert wrong(some)["#/deliveries"] == f"There is no such delivery: {of['deliveries']}."
    assert (Subscription.objects.values().get(), list(Delivery.objects.values()), Call.objects.values().get()) == before


def test_their_number_takes_no_calls_and_texts_of_ours(theirs, api):
    number = Call.objects.get().tracker.phone_number
    text = {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": number, "content": "x"}
    assert wrong(api.post("/api/v1/calls/", ringing(number))).keys() == {"#/tracking_phone_number"}
    assert wrong(api.post("/api/v1/texts/", text)).keys() == {"#/tracking_phone_number"}


def test_what_is_theirs_can_be_ours_too(theirs, api):
    number = Call.objects.get().tracker.phone_number
    assert api.post("/api/v1/trackers/", {"phone_number": number, "name": "Ours"}).status_code == 201
    assert api.post("/api/v1/calls/", ringing(number, tags=["Theirs"])).status_code == 201
    assert Tag.objects.filter(name="Theirs").count() == 2
    ours = Call.objects.exclude(company=theirs).get()
    assert ours.person_id != Call.objects.get(company=theirs).person_id
