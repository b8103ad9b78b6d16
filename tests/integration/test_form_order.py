"""The fields of a form keep the order in which they came."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from forms_intake.models import FormRefusal, FormSource, FormSubmission
from forms_intake.web.refusals import accept
from tests.support.admin import filled_in, login
from tests.support.api import program
from tests.support.events import bodies_of
from tests.support.factories import make_company, make_form, make_member
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
# jsonb would sort them by length and then by letters.
NAMES = ["zebra", "a", "message", "B", "id number", "aa"]
FIELDS = {name: f"value of {name}" for name in NAMES}


def make_source(active: bool = True) -> FormSource:
    return FormSource.objects.create(
        company=make_company(), name="Site", allowed_origins="https://example.com", active=active
    )


def stored() -> list[str]:
    return list(FormSubmission.objects.get().form_data)


def test_through_the_api_and_in_its_answer_and_in_the_webhook():
    company = make_company()
    api = program(company)
    made = api.post("/api/v1/forms/", json.dumps({"form_data": FIELDS}), content_type="application/json").json()
    assert list(made["form_data"]) == NAMES
    assert stored() == NAMES
    shown = api.get(f"/api/v1/forms/{made['resource_id']}/").json()
    assert list(shown["form_data"]) == NAMES
    (body,) = bodies_of(FormSubmission.objects.get(), "form_submission")
    assert list(body["form_data"]) == NAMES


def test_through_a_web_site(client):
    source = make_source()
    client.post(f"/f/{source.public_key}", FIELDS, headers={"Origin": "https://example.com"})
    assert stored() == NAMES


def test_of_a_refused_form_that_is_accepted_later(client):
    source = make_source(active=False)
    client.post(f"/f/{source.public_key}", FIELDS, headers={"Origin": "https://example.com"})
    FormSource.objects.update(active=True)
    assert accept(FormRefusal.objects.get())
    assert stored() == NAMES


def test_refused_forms_from_before_are_accepted_too(client):
    source = make_source(active=False)
    client.post(f"/f/{source.public_key}", FIELDS, headers={"Origin": "https://example.com"})
    FormSource.objects.update(active=True)
    refusal = FormRefusal.objects.get()
    refusal.form["fields"] = dict(refusal.form["fields"])
    refusal.save()
    assert accept(refusal)
    assert sorted(stored()) == sorted(NAMES)


def test_forms_from_before_are_read_as_they_are():
    form = make_form(make_company(), form_data=FIELDS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE forms_intake_formsubmission SET field_order = NULL")
    assert FormSubmission.objects.get().form_data == FIELDS
    form.refresh_from_db()
    assert form.form_data == FIELDS


def test_a_field_that_the_order_does_not_name_is_not_lost():
    make_form(make_company(), form_data=FIELDS)
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE forms_intake_formsubmission SET form_data = form_data - 'a' || '{"new": "x"}'""")
    assert stored() == [*(name for name in NAMES if name != "a"), "new"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_through_an_import(tmp_path, kind):
    company, file = make_company(), tmp_path / f"forms.{kind}"
    lines = [",".join(NAMES), ",".join(FIELDS.values())] if kind == "csv" else [json.dumps({"form_data": FIELDS})]
    file.write_text("\n".join(lines) + "\n")
    call_command("import_data", "forms", str(file), f"--company={company.resource_id}", stdout=StringIO())
    assert stored() == NAMES


def test_in_the_admin():
    company = make_company()
    client = login(make_member(company))
    add = reverse("admin:forms_intake_formsubmission_add")
    client.post(add, {**filled_in(client.get(add).content.decode()), "form_data": json.dumps(FIELDS)})
    assert stored() == NAMES
    page = reverse("admin:forms_intake_formsubmission_change", args=[FormSubmission.objects.get().pk])
    shown = client.get(page).content.decode()
    assert sorted(NAMES, key=lambda name: shown.index(FIELDS[name])) == NAMES


def test_through_api_v3():
    company = make_company()
    vendor = Vendor(company)
    vendor.post("form_submissions.json", {"form_submission": {"company_id": company.pk, "form_data": FIELDS}})
    (shown,) = vendor.get("form_submissions.json")["form_submissions"]
    assert list(shown["form_data"]) == stored() == NAMES
