"""A key without `read` reads nothing by writing: responses to it contain ids and what it sent."""

from __future__ import annotations

import pytest
from django.utils import timezone

from calls.models import Person
from subscriptions.models import Delivery
from tests.support.api import ago, program
from tests.support.factories import (
    ended_call,
    make_company,
    make_form,
    make_key,
    make_subscription,
    make_text,
    make_tracker,
)
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
SECRET = "cancelled because of her divorce"
IDS = {"id", "resource_id"}


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def call(company):
    return ended_call(company, note=SECRET, customer_name=SECRET, external_source="pbx", external_id="7")


@pytest.fixture
def ingest(company):
    return program(company, ["ingest"])


@pytest.fixture
def manage(company):
    return program(company, ["manage"])


def told(answer, *sent: str) -> dict:
    assert 200 <= answer.status_code < 300, answer.content
    assert SECRET not in answer.content.decode()
    assert "ETag" not in answer.headers
    body = answer.json()
    assert set(body) <= IDS | set(sent), body
    return body


def test_a_change_of_nothing_shows_nothing(ingest, call):
    assert told(ingest.patch(f"/api/v1/calls/{call.resource_id}/", {})) == {"resource_id": call.resource_id}


def test_what_was_sent_is_echoed_and_not_what_is_stored(ingest, call):
    later = told(ingest.patch(f"/api/v1/calls/{call.resource_id}/", {"value": "1.00", "as_of": ago(days=300)}), "value")
    assert later["value"] == "1.00"
    body = {"external_source": "pbx", "external_id": "7", "customer_name": "guess", "direction": "inbound"}
    body |= {"tracking_phone_number": call.tracker.phone_number}
    assert told(ingest.post("/api/v1/calls/", body), *body)["customer_name"] == "guess"


def test_a_known_person_is_not_shown(ingest, company):
    Person.objects.create(company=company, phone="+12145550123", name=SECRET, city="Austin")
    body = {"phone": "+12145550123", "name": "guess"}
    answer = told(ingest.post("/api/v1/people/", body), *body)
    assert (answer["name"], set(answer)) == ("guess", {"resource_id", "phone", "name"})


def test_texts_forms_tags_and_trackers_are_not_shown(ingest, company):
    tracker = make_tracker(company, name=SECRET)
    make_text(company, tracker, content=SECRET, external_source="pbx", external_id="1")
    make_form(company, form_data={"why": SECRET}, external_source="site", external_id="1")
    told(ingest.patch(f"/api/v1/trackers/{tracker.resource_id}/", {}))
    text = {
        "external_source": "pbx", "external_id": "1", "direction": "inbound", "content": "guess",
        "tracking_phone_number": tracker.phone_number, "customer_phone_number": "+12145550123",
    }  # fmt: skip
    told(ingest.post("/api/v1/texts/", text), *text)
    form = {"external_source": "site", "external_id": "1", "form_data": {"a": "b"}}
    told(ingest.post("/api/v1/forms/", form), *form)
    tag = ingest.post("/api/v1/tags/", {"name": "Lead"}).json()
    told(ingest.patch(f"/api/v1/tags/{tag['id']}/", {}))


def test_a_guess_cannot_be_tried_with_if_match(ingest, call):
    answer = ingest.patch(f"/api/v1/calls/{call.resource_id}/", {}, HTTP_IF_MATCH='"abc"')
    assert answer.status_code == 403
    assert "If-Match needs" in answer.json()["detail"]


def test_a_stored_answer_is_no_way_round(ingest, call):
    url = f"/api/v1/calls/{call.resource_id}/"
    for _ in range(2):
        told(ingest.patch(url, {}, HTTP_IDEMPOTENCY_KEY="one"))


def test_manage_alone_reads_no_subscription(manage, company):
    subscription = make_subscription(company, name=SECRET)
    url = f"/api/v1/subscriptions/{subscription.resource_id}/"
    told(manage.patch(url, {}))
    told(manage.post(f"{url}pause/"))
    told(manage.post(f"{url}resume/"), "deliveries")
    rotated = told(manage.post(f"{url}rotate/"), "secret")
    subscription.refresh_from_db()
    assert rotated["secret"] == subscription.secret
    told(manage.post(f"{url}test/", {"event": "post_call"}), "event")
    assert manage.post(f"{url}secret/").status_code == 403
    count = {"subscription": subscription.resource_id, "since": ago(days=1), "count_only": True}
    assert manage.post("/api/v1/resend-jobs/", count).status_code == 403
    Delivery.objects.update(state=Delivery.State.FAILED, finished_at=timezone.now(), due_at=None)
    job = {**count, "count_only": False}
    told(manage.post("/api/v1/resend-jobs/", job), *job)


def test_what_it_sends_secret_comes_back_masked(manage):
    body = {
        "name": "CRM", "url": "https://hooks.example.com/in", "events": ["post_call"],
        "auth": {"type": "bearer", "token": "t0ken-of-mine"}, "custom_headers": {"X-Key": "also-secret"},
    }  # fmt: skip
    answer = manage.post("/api/v1/subscriptions/", body)
    assert "t0ken-of-mine" not in answer.content.decode()
    assert "also-secret" not in answer.content.decode()
    assert told(answer, *body, "secret")["secret"].startswith("whsec_")


def test_manage_alone_reads_no_delivery(manage, company, call):
    make_subscription(company)
    call.save()
    delivery = Delivery.objects.filter(company=company).first()
    if delivery is None:
        program(company).post(
            f"/api/v1/subscriptions/{make_subscription(company).resource_id}/test/", {"event": "post_call"}
        )
        delivery = Delivery.objects.filter(company=company).first()
    told(manage.post(f"/api/v1/deliveries/{delivery.pk}/cancel/"))


@pytest.mark.parametrize("scope", ["ingest", "manage"])
def test_no_scope_reads_by_api_v3(company, call, scope):
    """Every address that takes a body, with an empty one and with all fields asked for."""
    key = make_key(company, [scope])
    vendor = Vendor(company, token=key)
    addresses = [
        ("put", f"calls/{call.resource_id}.json?fields=transcription,note,tags"),
        ("put", f"companies/{company.resource_id}.json"),
        ("post", "tags.json"),
        ("post", "integrations.json"),
        ("put", f"integrations/{company.pk}.json"),
    ]
    done = 0
    for method, path in addresses:
        body = {
            "post": {
                "name": "Lead", "company_id": company.resource_id, "type": "Webhooks",
                "config": {"post_call_webhook": ["https://hooks.example.com/in"]},
            },
            "put": {},
        }[method]  # fmt: skip
        answer = vendor.send(method, path, body)
        assert SECRET not in answer.content.decode()
        assert company.signing_key not in answer.content.decode()
        if answer.status_code < 300:
            done += 1
            assert set(answer.json()) <= IDS | set(body), (path, answer.content)
    assert done >= 2
