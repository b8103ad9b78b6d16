"""Where a form's person came from: one visit's set, never half of two; the first and the newest visit are both kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from forms_intake.models import FormSource, FormSubmission
from forms_intake.web.touches import read_touches
from forms_intake.web.visits import complete_attribution
from tests.support.api import program
from tests.support.events import bodies_of
from tests.support.factories import START, ended_call, make_company, make_subscription
from tests.support.vendor_api import Vendor

SITE = "https://www.example.com"
GOOGLE = {"utm_source": "google", "utm_term": "roofs"}
FACEBOOK = f"{SITE}/contact?utm_source=facebook&utm_medium=paid_social&utm_campaign=May"
NAMES = ("source", "medium", "campaign", "keywords", "utm_source", "utm_medium", "utm_campaign")


def set_of(given: dict[str, str], fields: dict[str, str] | None = None) -> dict[str, str]:
    found = complete_attribution(given, fields or {})
    return {name: found[name] for name in NAMES if name in found}


def test_a_later_visit_adds_nothing_to_the_first():
    landing = {"landing_page_url": f"{SITE}/?utm_source=google", "form_url": FACEBOOK}
    assert set_of({**landing, "utm_source": "google"}) == {"source": "google", "utm_source": "google"}
    # Google's click id without utm names: the first visit has no source, and does not get the later one's.
    assert set_of({"landing_page_url": f"{SITE}/?gclid=g1", "form_url": FACEBOOK}, {"gclid": "g1"}) == {}
    # What the form names contradicts the page: the page was of another visit.
    assert set_of({"form_url": FACEBOOK, "utm_source": "google"}) == {"source": "google", "utm_source": "google"}


def test_a_page_fills_in_what_the_form_leaves_out_of_the_same_visit():
    assert set_of({"form_url": FACEBOOK}) == {
        "source": "facebook", "medium": "paid_social", "campaign": "May",
        "utm_source": "facebook", "utm_medium": "paid_social", "utm_campaign": "May",
    }  # fmt: skip
    page = {"landing_page_url": f"{SITE}/?utm_source=news&utm_medium=mail", "utm_campaign": "May", "source": "letter"}
    assert set_of(page, {"utm_term": "roofs"}) == {
        "source": "letter", "medium": "mail", "campaign": "May", "keywords": "roofs",
        "utm_source": "news", "utm_medium": "mail", "utm_campaign": "May",
    }  # fmt: skip


def visit(at: int, **said: str) -> dict[str, Any]:
    return {"at": at, "landing_page_url": f"{SITE}/?gbraid=b1", **said}


def test_a_touch_is_told_as_milestones_have_it():
    came = visit(1_772_000_000_000, **GOOGLE, referring_url="https://g.example.com/?q=x")
    found = read_touches(json.dumps({"f": came}))
    assert found == {
        "first_touch": {
            "event_date": "2026-02-25T06:13:20+00:00",
            "source": "google",
            "keywords": "roofs",
            "landing": f"{SITE}/?gbraid=b1",
            "landing_page_url_params": {"gbraid": "b1"},
            "url_utm_params": GOOGLE,
            "referrer": "https://g.example.com/?q=x",
            "referrer_url_params": {"q": "x"},
        }
    }


@pytest.mark.parametrize(
    "said", ["", "x", "[]", "1", "{}", '{"at": "x"}', '{"at": 1e300}', '{"landing_page_url": 1}', "[" * 9000],
    ids=["empty", "word", "list", "number", "nothing", "time", "far", "url", "deep"],
)  # fmt: skip
def test_what_is_no_touch_is_left_out(said: str):
    assert read_touches(said) == {}


@pytest.mark.django_db
def test_first_and_last_touch_are_kept_and_shown():
    company = make_company()
    make_subscription(company)
    source = FormSource.objects.create(company=company, name="Site")

    def send(**said: Any) -> FormSubmission:
        body = {"form_data": {"phone": "+12145550123"}, "form_url": f"{SITE}/contact", **said}
        Client().post(reverse("form-endpoint", args=[source.public_key]), body, content_type="application/json")
        return FormSubmission.objects.latest("pk")

    one, two = visit(1_772_000_000_000, **GOOGLE), visit(1_772_100_000_000, utm_source="facebook", ttclid="t\x00")
    send(callhooks=json.dumps({"f": one, "l": one}))
    form = send(callhooks=json.dumps({"f": two, "l": two}))
    assert "callhooks" not in form.form_data
    assert form.milestones["last_touch"]["source"] == "facebook"
    assert program(company).get(f"/api/v1/forms/{form.resource_id}/").json()["milestones"] == form.milestones
    shown = Vendor(company).get(f"form_submissions/{form.resource_id}.json", fields="milestones")["milestones"]
    assert (shown["last_touch"]["source"], shown["qualified"]["source"]) == ("facebook", None)
    # The call of the same person: what was first is first for ever, and the newest is the newest.
    call = ended_call(company, customer_phone_number="+12145550123", start_time=START)
    told = bodies_of(call, "post_call")[0]["milestones"]
    assert (told["first_touch"]["source"], told["last_touch"]["source"]) == ("google", "facebook")
    assert told["first_touch"]["event_date"] == "2026-02-25T01:13:20.000-05:00"
    assert told["first_touch"]["medium"] is None
    # A call that comes with milestones has those and no others.
    own = {"first_touch": {"source": "radio"}}
    told = bodies_of(ended_call(company, call.tracker, milestones=own, start_time=START), "post_call")[0]["milestones"]
    assert (told["first_touch"]["source"], list(told)) == ("radio", ["first_touch"])


@pytest.mark.django_db
def test_a_call_keeps_the_click_ids_of_all_networks():
    company = make_company()
    ids = {"gclid": "1", "gbraid": "2", "wbraid": "3", "fbclid": "4", "msclkid": "5", "ttclid": "6", "li_fat_id": "7"}
    call = ended_call(company, **ids)
    shown = program(company).get(f"/api/v1/calls/{call.resource_id}/").json()
    assert {name: shown[name] for name in ids} == ids
    lead = Vendor(company).get(f"leads/{call.person.resource_id}/timeline.json")["lead"]
    assert (lead["click_id"]["gbraid"], lead["click_id"]["wbraid"]) == ("2", "3")
