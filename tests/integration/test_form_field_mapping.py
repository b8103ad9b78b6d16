"""Which fields have the name, the address and the number: what the source says, what names say, what the page says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.models import Person
from forms_intake.models import FormRefusal, FormSource, FormSubmission
from forms_intake.web import refusals
from subscriptions.models import AuditEntry
from tests.support.admin import login
from tests.support.factories import make_company, make_member

pytestmark = pytest.mark.django_db
ENTRY = {"id": "7", "form_id": "4", "1.3": "Ann", "1.6": "Example", "2": "Ann@example.com", "3": "(214) 555-0123"}


def make_source(**values: Any) -> FormSource:
    source = FormSource(company=make_company(), name="Site", **values)
    source.full_clean()
    source.save()
    return source


def send(source: FormSource, body: dict[str, Any]) -> None:
    url = reverse("form-endpoint", args=[source.public_key])
    Client().post(url, json.dumps(body), content_type="application/json")


def person() -> tuple[str, str, str]:
    found = FormSubmission.objects.latest("pk").person
    return (found.name, found.phone, found.email) if found else ("", "", "")


def test_a_source_says_which_fields_are_whose():
    source = make_source(name_fields="1.3\n1.6", email_fields=" 2 \n\n2\n", phone_fields="3")
    assert source.email_fields == "2"
    send(source, ENTRY)
    assert person() == ("Ann Example", "+12145550123", "ann@example.com")


def test_without_it_numbers_of_fields_say_nothing():
    send(make_source(), ENTRY)
    assert person() == ("", "", "")


def test_a_name_that_is_known_stays():
    source = make_source(name_fields="name")
    Person.objects.create(company=source.company, email="ann@example.com", name="Dr. Ann Example")
    send(source, {"name": "ann", "email": "ann@example.com"})
    assert person() == ("Dr. Ann Example", "", "ann@example.com")


@pytest.mark.parametrize(
    ("fields", "email"),
    [
        ({"email": "office@example.com", "Kontakt-Adresse": "Ann@example.com"}, "ann@example.com"),
        ({"email": "bob@example.com", "kontakt_adresse": "not an address"}, "bob@example.com"),
        ({"email": "bob@example.com"}, "bob@example.com"),
        ({"second": "cleo@example.com"}, "cleo@example.com"),
    ],
    ids=["it is there", "it is none", "it is not there", "the next one"],
)
def test_a_sources_word_goes_before_the_names_of_fields(fields: dict[str, str], email: str):
    send(make_source(email_fields="Kontakt-Adresse\nsecond"), fields)
    assert person()[2] == email


@pytest.mark.parametrize(
    ("fields", "said", "found"),
    [
        ({"input_2": "ann@example.com", "input_3": "214-555-0123"}, {}, ("", "+12145550123", "ann@example.com")),
        ({"input_2": "ann@example.com", "email": "bob@example.com"}, {}, ("", "", "bob@example.com")),
        ({"friend": "bob@example.com"}, {"email_field": "friend"}, ("", "", "")),
        ({"input_2": "ann@example.com"}, {"email_field": ["input_2"]}, ("", "", "")),
        ({"input_2": "ann@example.com"}, {"email_field": "closest"}, ("", "", "")),
    ],
    ids=["only the page says it", "a name says more", "somebody else's", "no text", "no such field"],
)
def test_the_types_of_fields_in_the_page_say_the_rest(
    fields: dict[str, str], said: dict[str, Any], found: tuple[str, str, str]
):
    send(make_source(), {"email_field": "input_2", "phone_field": "input_3"} | said | {"form_data": fields})
    assert person() == found


def test_a_field_may_have_the_name_of_such_a_word():
    send(make_source(), {"email_field": "a", "phone_field": "b"})
    assert FormSubmission.objects.get().form_data == {"email_field": "a", "phone_field": "b"}


def test_an_admin_says_it_and_accepts_what_waited():
    source = make_source(active=False)
    send(source, ENTRY)
    client = login(make_member(source.company))
    url = reverse("admin:forms_intake_formsource_change", args=[source.pk])
    values = {"name": "Site", "active": "on", "email_fields": "2\r\n", "name_fields": "1.3", "phone_fields": ""}
    assert client.post(url, values).status_code == 302
    assert "Who filled in a form" in client.get(url).content.decode()
    assert AuditEntry.objects.latest("pk").detail.count("fields with the") == 2
    assert refusals.accept(FormRefusal.objects.get()) is True
    assert person() == ("Ann", "", "ann@example.com")


def test_a_source_has_a_limited_number_of_them():
    with pytest.raises(Exception, match="At most 50 lines"):
        make_source(name_fields="\n".join(map(str, range(51))))
