"""Asking for an erasure or a copy: in the admin by owners, in the API with `manage` and `read`."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from callhooks_site.privacy.models import Erasure
from subscriptions.models import AuditEntry
from tests.support import factories, markers
from tests.support.admin import login
from tests.support.api import program, wrong
from tests.support.markers import EMAIL, NAME, NOTATIONS, PHONE, WORDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

ADD = "/admin/privacy/erasure/add/"
API = "/api/v1/erasures/"


def owner(tenant):
    return login(factories.make_member(tenant.company, "owner", username="owner@example.com"))


def read(answer):
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def test_an_owner_looks_confirms_and_gets_a_certificate(ours, run):
    markers.put_everywhere(ours)
    client = owner(ours)
    assert "nothing happens yet" in read(client.get(ADD))
    shown = read(client.post(ADD, {"contact": NOTATIONS[0], "look": "yes"}))
    assert "214-555-0171" in shown
    assert EMAIL in shown
    assert "<dt>Forms</dt><dd>2</dd>" in shown
    assert "Tick the box" in read(client.post(ADD, {"contact": PHONE, "erase": "yes"}))
    assert Erasure.objects.filter(state="running").count() == 0
    answer = client.post(ADD, {"contact": PHONE, "erase": "yes", "sure": "yes"})
    job = Erasure.objects.get(state="running")
    page = reverse("admin:privacy_erasure_change", args=[job.pk])
    assert answer.headers["Location"] == page
    assert "Step 1 of" in read(client.get(page))
    run(job)
    assert "Conversations" in read(client.get(page))
    assert "example.com" in read(client.get(page))
    told = client.get(f"/admin/privacy/erasure/{job.pk}/certificate/").json()
    assert (told["state"], told["erased"]["forms"], len(told["person"])) == ("done", 2, 2)
    assert told["requested_by"] == "owner@example.com"
    assert str(job) in read(client.post(ADD, {"contact": EMAIL, "look": "yes"}))


def test_who_is_no_owner_asks_for_nothing(ours):
    for role in ("admin", "viewer"):
        client = login(factories.make_member(ours.company, role, username=f"{role}2@example.com"))
        assert client.get(ADD).status_code == 403
        assert client.post(ADD, {"contact": PHONE, "erase": "yes", "sure": "yes"}).status_code == 403
        assert client.get("/admin/privacy/erasure/").status_code == 200
    assert Client().get(ADD).status_code == 302


def test_no_page_and_no_answer_names_the_person_afterwards(ours, run, ask):
    markers.put_everywhere(ours)
    run(ask(ours))
    client, api = owner(ours), program(ours.company)
    pages = ["calls/call", "messaging/textmessage", "forms_intake/formsubmission", "calls/person",
             "subscriptions/delivery", "subscriptions/event", "subscriptions/auditentry", "providers/providercall",
             "imports/importjob"]  # fmt: skip
    seen = [read(client.get(f"/admin/{page}/")) for page in pages]
    seen += [read(client.get("/admin/activity/")), read(client.get("/admin/activity/export/"))]
    seen += [read(client.get("/admin/subscriptions/delivery/export/"))]
    for name in ("calls", "texts", "forms", "people", "deliveries", "events", "feed"):
        answer = api.get(f"/api/v1/{name}/")
        assert answer.status_code == 200, name
        seen.append(read(answer))
    for shown in seen:
        assert "zqerase" not in shown.lower()
        assert "5550171" not in shown
        assert "555-0171" not in shown
    assert '\\"erased\\":true' in seen[-1]


def test_the_export_has_all_and_nobody_else(ours):
    markers.put_everywhere(ours)
    markers.mention(ours)
    client = owner(ours)
    document = json.loads(read(client.post(ADD, {"contact": EMAIL, "export": "yes"})))
    assert (document["phones"], document["emails"]) == ([PHONE], [EMAIL])
    assert {name: len(document[name]) for name in ("people", "calls", "texts", "forms", "conversations")} == {
        "people": 1, "calls": 1, "texts": 1, "forms": 2, "conversations": 1,
    }  # fmt: skip
    call = document["calls"][0]
    assert call["note"] == WORDS
    assert call["tracking_number"] == ours.tracker.phone_number
    assert NAME in json.dumps(call["webhooks"][0]["bodies"])
    assert call["webhooks"][0]["deliveries"][0]["attempts"][0]["status_code"] == 422
    assert markers.NEIGHBOUR not in json.dumps(document)
    assert "access_key" not in call
    api = program(ours.company, ["read"])
    person = api.get(f"/api/v1/people/?email={EMAIL}").json()["results"][0]["resource_id"]
    answer = api.get(f"/api/v1/person-exports/{person}/")
    assert json.loads(read(answer)) == document
    assert AuditEntry.objects.filter(act="Exported a person's data").count() == 2


def test_a_program_looks_and_erases(ours, run):
    markers.put_everywhere(ours)
    api = program(ours.company)
    counted = api.post(API, {"phone": "(214) 555-0171", "count_only": True}).json()
    assert (counted["counts"]["calls"], counted["counts"]["forms"], counted["earlier"]) == (1, 2, [])
    made = api.post(API, {"email": EMAIL.upper(), "confirm": True})
    assert made.status_code == 201
    assert made.json()["progress"]["step"] == 1
    again = api.post(API, {"phone": PHONE, "confirm": True})
    assert again.status_code == 409
    assert "already" in again.json()["detail"]
    job = Erasure.objects.get(state="running")
    run(job)
    told = api.get(f"{API}{job.resource_id}/").json()
    assert (told["state"], told["progress"], told["erased"]["people"]) == ("done", None, 1)
    counted = api.post(API, {"phone": PHONE, "count_only": True}).json()
    assert counted["earlier"] == [job.resource_id]
    assert counted["counts"]["calls"] == 0


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"confirm": True}, "#/phone"),
        ({"phone": PHONE, "email": EMAIL, "confirm": True}, "#/phone"),
        ({"phone": "12", "confirm": True}, "#/phone"),
        ({"phone": EMAIL, "confirm": True}, "#/phone"),
        ({"email": "nobody", "confirm": True}, "#/email"),
        ({"person": "PER" + "0" * 32, "confirm": True}, "#/person"),
        ({"phone": PHONE}, "#/confirm"),
    ],
)
def test_what_is_wrong_is_said(ours, body, place):
    assert list(wrong(program(ours.company).post(API, body))) == [place]
    assert not Erasure.objects.filter(state="running").exists()


def test_scopes(ours):
    assert program(ours.company, ["read", "ingest"]).post(API, {"phone": PHONE, "confirm": True}).status_code == 403
    assert program(ours.company, ["manage"]).post(API, {"phone": PHONE, "count_only": True}).status_code == 403
