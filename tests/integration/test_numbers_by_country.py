"""A number without + is a number of the company's country, wherever it comes in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from calls.models import Call, Person, Tracker
from forms_intake.models import FormSource, FormSubmission
from messaging.models import TextMessage
from subscriptions.models import Company
from tests.support import twilio
from tests.support.admin import filled_in, login
from tests.support.api import ago, program, ringing, wrong
from tests.support.factories import make_company, make_member
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Town:
    time_zone: str
    country: str
    written: str  # a customer's number as people there write it
    stored: str
    line: str  # a tracking number, written so too
    stored_line: str


TOWNS = {
    "Kolkata": Town("Asia/Kolkata", "IN", "98765 43210", "+919876543210", "033 2200 0100", "+913322000100"),
    "Paris": Town("Europe/Paris", "FR", "06 12 34 56 78", "+33612345678", "01 99 00 01 00", "+33199000100"),
    "Auckland": Town("Pacific/Auckland", "NZ", "021 555 0100", "+64215550100", "09 555 0100", "+6495550100"),
    "London": Town("Europe/London", "GB", "07700 900123", "+447700900123", "020 7946 0018", "+442079460018"),
    "Austin": Town("America/Chicago", "US", "(512) 555-0123", "+15125550123", "512-555-0100", "+15125550100"),
}


@pytest.fixture(params=list(TOWNS.values()), ids=list(TOWNS))
def town(request) -> Town:
    return request.param


@pytest.fixture
def company(town: Town) -> Company:
    company = make_company(time_zone=town.time_zone)
    assert company.country == town.country
    Tracker.objects.create(company=company, name="Line", phone_number=town.line)
    return company


def call_by_api(company: Company, town: Town, path: Path) -> Any:
    body = ringing(town.line, customer_phone_number=town.written)
    assert program(company).post("/api/v1/calls/", body).json()["tracking_phone_number"] == town.stored_line
    return Call.objects.get().customer_phone_number


def calls_in_a_batch(company: Company, town: Town, path: Path) -> Any:
    body = {"items": [ringing(town.line, customer_phone_number=town.written)]}
    assert program(company).post("/api/v1/calls/batch/", body).json()["created"] == 1
    return Call.objects.get().customer_phone_number


def text_by_api(company: Company, town: Town, path: Path) -> Any:
    body = {"direction": "inbound", "tracking_phone_number": town.line, "customer_phone_number": town.written}
    assert program(company).post("/api/v1/texts/", {**body, "content": "Hello"}).status_code == 201
    return TextMessage.objects.get().customer_phone_number


def person_by_api(company: Company, town: Town, path: Path) -> Any:
    return program(company).post("/api/v1/people/", {"phone": town.written}).json()["phone"]


def tracker_by_api(company: Company, town: Town, path: Path) -> Any:
    body = {"name": "Another", "phone_number": town.written}
    return program(company).post("/api/v1/trackers/", body).json()["phone_number"]


def form_by_api(company: Company, town: Town, path: Path) -> Any:
    assert program(company).post("/api/v1/forms/", {"form_data": {"Telefon": town.written}}).status_code == 201
    return FormSubmission.objects.get().person.phone


def filter_of_api(company: Company, town: Town, path: Path) -> Any:
    Person.objects.create(company=company, phone=town.stored)
    (found,) = program(company).get("/api/v1/people/", {"phone": town.written}).json()["results"]
    return found["phone"]


def form_by_api_v3(company: Company, town: Town, path: Path) -> Any:
    body = {"company_id": company.resource_id, "form_data": {"phone": town.written}}
    Vendor(company).told("post", "form_submissions.json", {"form_submission": body}, 201)
    return FormSubmission.objects.get().person.phone


def search_of_api_v3(company: Company, town: Town, path: Path) -> Any:
    program(company).post("/api/v1/calls/", ringing(town.line, customer_phone_number=town.stored))
    (found,) = Vendor(company).get("calls.json", search=town.written)["calls"]
    return found["customer_phone_number"]


def destination_by_api_v3(company: Company, town: Town, path: Path) -> Any:
    tracker = Tracker.objects.get()
    changed = {"call_flow": {"type": "basic", "destination_number": town.written}}
    return Vendor(company).told("put", f"trackers/{tracker.resource_id}.json", changed, 200)["destination_number"]


def calls_of_a_file(company: Company, town: Town, path: Path) -> Any:
    file = path / "calls.csv"
    columns = "direction,tracking_phone_number,customer_phone_number,start_time,duration"
    file.write_text(f"{columns}\ninbound,{town.line},{town.written},2026-01-05 09:00:00,10\n")
    call_command("import_data", "calls", str(file), f"--company={company.resource_id}", stdout=StringIO())
    return Call.objects.get().customer_phone_number


def call_of_a_phone_system(company: Company, town: Town, path: Path) -> Any:
    """Which of the two numbers is the company's says which way the call went."""
    file = path / "calls.csv"
    file.write_text(f"From,To,Start Time,Duration\n{town.line},{town.written},2026-01-05 09:00:00,10\n")
    options = ["--map", "From=from_number", "--map", "To=to_number"]
    call_command("import_data", "calls", str(file), f"--company={company.resource_id}", *options, stdout=StringIO())
    call = Call.objects.get()
    assert call.direction == "outbound"
    return call.customer_phone_number


def form_of_a_web_site(company: Company, town: Town, path: Path) -> Any:
    source = FormSource.objects.create(company=company, name="Site")
    body = json.dumps({"whatsapp": town.written})
    Client().post(reverse("form-endpoint", args=[source.public_key]), body, content_type="application/json")
    return FormSubmission.objects.get().person.phone


def call_in_the_admin(company: Company, town: Town, path: Path) -> Any:
    client, page = login(make_member(company)), reverse("admin:calls_call_add")
    form: dict[str, Any] = filled_in(client.get(page).content.decode())
    form |= {"tracker": Tracker.objects.get().pk, "customer_phone_number": town.written}
    answer = client.post(page, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return Call.objects.get().customer_phone_number


def tracker_in_the_admin(company: Company, town: Town, path: Path) -> Any:
    client, page = login(make_member(company)), reverse("admin:calls_tracker_add")
    form = filled_in(client.get(page).content.decode()) | {"name": "Another", "phone_number": town.written}
    assert client.post(page, form).status_code == 302
    return Tracker.objects.get(name="Another").phone_number


def searches_of_the_admin(company: Company, town: Town, path: Path) -> Any:
    api = program(company)
    api.post("/api/v1/calls/", ringing(town.line, customer_phone_number=town.stored))
    body = {"direction": "inbound", "tracking_phone_number": town.line, "customer_phone_number": town.stored}
    api.post("/api/v1/texts/", {**body, "content": "Hello"})
    api.post("/api/v1/forms/", {"form_data": {"phone": town.stored}})
    client = login(make_member(company))
    for model in ("calls_call", "calls_person", "messaging_textmessage", "messaging_thread",
                  "forms_intake_formsubmission"):  # fmt: skip
        listed = client.get(reverse(f"admin:{model}_changelist"), {"q": town.written}).context["cl"].result_list
        assert len(listed) == 1, model
    listed = client.get(reverse("admin:calls_tracker_changelist"), {"q": town.line}).context["cl"].result_list
    assert [each.phone_number for each in listed] == [town.stored_line]
    return town.stored


def call_of_a_provider(company: Company, town: Town, path: Path) -> Any:
    source = twilio.make_source(company)
    given = {"From": town.written, "To": town.line}
    assert twilio.send(source, "voice", twilio.call(twilio.sid(), "ringing", **given)).status_code in (200, 204)
    return Call.objects.get().customer_phone_number


def text_of_a_provider(company: Company, town: Town, path: Path) -> Any:
    source = twilio.make_source(company)
    given = {"From": town.written, "To": town.line}
    assert twilio.send(source, "message", twilio.message(twilio.sid("SM"), **given)).status_code in (200, 204)
    return TextMessage.objects.get().customer_phone_number


DOORS: list[Callable[[Company, Town, Path], Any]] = [
    call_by_api, calls_in_a_batch, text_by_api, person_by_api, tracker_by_api, form_by_api, filter_of_api,
    form_by_api_v3, search_of_api_v3, destination_by_api_v3, calls_of_a_file, call_of_a_phone_system,
    form_of_a_web_site, call_in_the_admin, tracker_in_the_admin, searches_of_the_admin, call_of_a_provider,
    text_of_a_provider,
]  # fmt: skip


@pytest.mark.sample(every=8)
@pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])
def test_a_number_without_plus_is_one_of_the_companys_country(door, company: Company, town: Town, tmp_path: Path):
    assert door(company, town, tmp_path) == town.stored


def test_what_is_impossible_is_told_as_it_was_understood():
    company = make_company(time_zone="Asia/Kolkata")
    fault = wrong(program(company).post("/api/v1/people/", {"phone": "98765"}))["#/phone"]
    assert "'98765' was read as +91 98765, which has too few digits" in fault
    assert "Write it like +91" in fault


@pytest.mark.parametrize(
    "said", "withheld Anonymous Restricted Unknown +266696687 +7378742833 +2562533".split(), ids=str.lower
)
def test_withheld_numbers_are_empty_in_the_api_and_in_files(said: str, tmp_path: Path):
    company = make_company()
    Tracker.objects.create(company=company, name="Line", phone_number="+14045550100")
    assert (
        program(company).post("/api/v1/calls/", ringing("+14045550100", customer_phone_number=said)).status_code == 201
    )
    file = tmp_path / "calls.csv"
    columns = "direction,tracking_phone_number,customer_phone_number,start_time,duration"
    file.write_text(f"{columns}\ninbound,404-555-0100,{said},{ago(days=2)},10\n")
    call_command("import_data", "calls", str(file), f"--company={company.resource_id}", stdout=StringIO())
    assert list(Call.objects.values_list("customer_phone_number", "person")) == [("", None)] * 2


def test_an_operator_finds_a_number_as_each_companys_country_reads_it(admin_user):
    for zone, phone in (("Asia/Kolkata", "+919876543210"), ("America/Chicago", "+19876543210")):
        Person.objects.create(company=make_company(time_zone=zone), phone=phone)
    listed = login(admin_user).get(reverse("admin:calls_person_changelist"), {"q": "98765 43210"})
    assert len(listed.context["cl"].result_list) == 2
