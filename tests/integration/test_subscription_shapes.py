"""A subscription with a shape gets a body of its own, frozen when the event happens; others get what they got."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from subscriptions.endpoints import operations
from subscriptions.endpoints.test_events import send_test
from subscriptions.events import catalogue
from subscriptions.events.shapes.rules import validate
from subscriptions.events.shapes.wording import preset
from subscriptions.events.stored_bodies import read_bodies, read_sent
from subscriptions.maintenance.integrity_check import check_integrity, is_sound
from subscriptions.models import AuditEntry, Delivery, ShapedBody, Subscription
from tests.support.admin import filled_in, login
from tests.support.api import program, wrong
from tests.support.drains import drain_until, nothing_pending
from tests.support.events import events_of
from tests.support.factories import ended_call, make_company, make_form, make_member, make_subscription, make_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
SHAPE = {"only": ["customer_name", "customer_number"], "rename": {"customer_name": "name"}, "mask": ["phone_numbers"]}
WIRE = "2026-05"


def sent(subscription: Subscription) -> dict[str, object]:
    return dict(json.loads(read_sent(subscription.deliveries.order_by("pk").last())))


def test_it_arrives_signed_and_others_get_theirs_unchanged(receiver):
    company = make_company()
    shaped = make_subscription(company, f"{receiver.url}/shaped", ["post_call"], shape=SHAPE, name="shaped")
    make_subscription(company, f"{receiver.url}/plain", ["post_call"], name="plain")
    call = ended_call(company, customer_name="Zoë", customer_phone_number="+12145550123")
    drain_until(nothing_pending)
    got = {request.path.rpartition("/")[2]: request for request in receiver.got}
    assert got["shaped"].body == '{"name":"Zoë","customer_number":"+*********23"}'.encode()
    event = events_of(call)[-1]
    assert got["plain"].body == read_bodies(event)["article"]
    assert shaped.deliveries.get().shaped
    assert got["shaped"].body == read_sent(shaped.deliveries.get())
    assert is_sound(check_integrity(seconds=None))


def test_subscriptions_that_ask_for_nothing_cost_nothing():
    company = make_company()
    make_subscription(company)
    make_subscription(make_company("Another"), shape=SHAPE)
    make_subscription(company, shape=SHAPE, events=["form_submission"])
    with CaptureQueriesContext(connection) as queries:
        make_text(company)
    assert not [query for query in queries if "INSERT INTO subscriptions_shapedbody" in query["sql"]]
    assert not ShapedBody.objects.exists()


@pytest.mark.parametrize("version", ["article", WIRE])
def test_a_later_shape_is_for_new_events_and_a_resend_sends_the_same(version):
    company = make_company()
    subscription = make_subscription(company, payload_version=version, shape=SHAPE)
    ended_call(company, customer_name="Ann")
    before = {delivery.pk: read_sent(delivery) for delivery in Delivery.objects.all()}
    subscription.shape = None
    subscription.save()
    Delivery.objects.update(state="delivered", due_at=None, stage=0)
    operations.resend(Delivery.objects.all())
    assert {delivery.pk: read_sent(delivery) for delivery in Delivery.objects.all()} == before
    assert json.loads(list(before.values())[-1])["name"] == "Ann"
    ended_call(company)
    assert "answered" in sent(subscription)


def test_all_changes_of_one_transaction_are_one_body():
    company = make_company()
    subscription = make_subscription(company, shape={"only": ["note", "changes"]})
    call = ended_call(company)
    with transaction.atomic():
        for note in ("one", "two"):
            call.note = note
            call.save()
    assert sent(subscription) == {"note": "two", "changes": ["note"]}
    assert ShapedBody.objects.count() == Delivery.objects.count()


def test_what_its_filter_leaves_out_has_its_body_too():
    company = make_company()
    long = {"field": "duration", "min": 600}
    subscription = make_subscription(company, events=["post_call"], conditions=long, shape=SHAPE)
    ended_call(company, customer_name="Ann")
    delivery = subscription.deliveries.get()
    assert (delivery.state, sent(subscription)["name"]) == ("cancelled", "Ann")


def test_test_events_and_form_encoding_have_the_shape():
    company = make_company()
    subscription = make_subscription(company, shape={"only": ["answered"]}, encoding="form", payload_version=WIRE)
    assert read_sent(send_test(subscription, "post_call")) == b"answered=true"


def test_a_missing_body_is_found():
    company = make_company()
    make_subscription(company, shape=SHAPE)
    make_text(company)
    ShapedBody.objects.all().delete()
    found = {finding.name: finding.count for finding in check_integrity(seconds=None)}
    assert found["bodies_missing"] == 1


# --- rules ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ([], "null or an object"),
        ({"fields": []}, "has no 'fields'. It may have: only, leave_out"),
        ({"only": ["note"], "leave_out": ["note"]}, "not both"),
        ({"only": []}, "one key at least"),
        ({"only": "note"}, "must be a list of keys"),
        ({"only": ["customer_nam"]}, "no body has a key 'customer_nam'. Did you mean customer_name"),
        ({"only": ["zq"]}, "event catalogue"),
        ({"rename": ["a"]}, "object of keys and their new names"),
        ({"rename": {"shoe": "boot"}}, "no body has a key 'shoe'"),
        ({"rename": {"note": "value"}}, "two keys would be named value"),
        ({"rename": {"note": "a", "value": "a"}}, "two keys would be named a"),
        ({"rename": {"note": "my note"}}, "cannot be a name"),
        ({"rename": {"note": "x" * 65}}, "cannot be a name"),
        ({"only": ["value"], "rename": {"note": "n"}}, "note is not sent"),
        ({"mask": ["shoes"]}, "there is no 'shoes'. Use some of: phone_numbers, names"),
        ({"mask": "names"}, "must be a list"),
        ({"transcripts": "no"}, "true or false"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_do(shape, words):
    with pytest.raises(ValueError, match=words):
        validate(shape)


@pytest.mark.parametrize("shape", [None, {}, {"mask": []}, {"rename": {"note": "note"}}, {"transcripts": True}])
def test_what_asks_for_nothing_is_nothing(shape):
    assert validate(shape) is None


def test_keys_can_change_names():
    swapped = {"note": "value", "value": "note"}
    assert validate({"rename": swapped}) == {"rename": swapped}


# --- API --------------------------------------------------------------------------------------------------------------
def test_the_api_takes_and_shows_it():
    company = make_company()
    client = program(company)
    new = {"name": "CRM", "url": "http://127.0.0.1:9999/a", "events": ["post_call"], "shape": SHAPE}
    made = client.post("/api/v1/subscriptions/", new, format="json")
    assert made.status_code == 201, made.data
    address = f"/api/v1/subscriptions/{made.data['resource_id']}/"
    assert made.data["shape"] == client.get(address).data["shape"] == SHAPE
    refused = client.patch(address, {"shape": {"only": ["shoe"]}}, format="json")
    assert "no body has a key 'shoe'" in str(wrong(refused))
    ended_call(company)
    assert client.get("/api/v1/deliveries/").data["results"][0]["shaped"] is True
    assert client.patch(address, {"shape": None}, format="json").data["shape"] is None


# --- admin ------------------------------------------------------------------------------------------------------------
def page(subscription: Subscription) -> str:
    return reverse("admin:subscriptions_subscription_shape", args=[subscription.pk])


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def client(company):
    return login(make_member(company))


def text_of(answer) -> str:
    return answer.content.decode()


def test_a_preview_shows_a_real_event_and_saves_nothing(client, company):
    subscription = make_subscription(company, events=["form_submission", "text_message_sent"])
    make_text(company, direction="outbound", content="The roof is done.")
    make_form(company, form_data={"name": "Ann Lee"})
    shown = text_of(client.get(page(subscription)))
    assert "Form Submission, before and after" in shown
    assert "Ann Lee" in shown
    form = filled_in(shown) | {"which": "only", "keys": "content\r\ntimestamp", "rename": "content = text"}
    shown = text_of(client.post(page(subscription), {**form, "event": "text_message_sent", "_preview": "1"}))
    assert "Text Message Sent, before and after" in shown
    for note in ("now text", "left out"):
        assert f"<mark>{note}</mark>" in shown
    without_colours = re.sub(r"</?span[^>]*>", "", shown)
    assert "&quot;text&quot;: &quot;The roof is done.&quot;" in without_colours
    subscription.refresh_from_db()
    assert subscription.shape is None


def test_it_is_saved_shown_again_and_audited(client, company):
    subscription = make_subscription(company)
    form = {"which": "leave_out", "keys": "note", "rename": "value = worth", "mask": ["names"],
            "without_transcripts": "on", "_save": "1"}  # fmt: skip
    answer = client.post(page(subscription), form, follow=True)
    words = "Without note. value renamed. Names of customers masked. Without transcripts."
    assert words in text_of(answer)
    subscription.refresh_from_db()
    assert subscription.shape == {
        "leave_out": ["note"], "rename": {"value": "worth"}, "mask": ["names"], "transcripts": False
    }  # fmt: skip
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.detail) == ("Changed body and format", words)
    again = filled_in(text_of(client.get(page(subscription))))
    client.post(page(subscription), {**again, "_save": "1"})
    before = subscription.shape
    subscription.refresh_from_db()
    assert subscription.shape == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"which": "only", "keys": "customer_nam"}, "Did you mean customer_name"),
        ({"keys": "note"}, "Say whether only these keys"),
        ({"rename": "note text"}, "has no ="),
        ({"rename": "note = a\nnote = b"}, "appears twice"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_saved(client, company, said, words):
    subscription = make_subscription(company)
    assert words in text_of(client.post(page(subscription), {**said, "_save": "1"}))
    subscription.refresh_from_db()
    assert subscription.shape is None


def test_a_viewer_may_not(company):
    client = login(make_member(company, "viewer"))
    assert client.get(page(make_subscription(company))).status_code == 403


def test_the_delivery_shows_what_is_sent(client, company):
    make_subscription(company, shape={"only": ["content"]})
    make_text(company, content="Hi")
    delivery = Delivery.objects.get()
    shown = text_of(client.get(reverse("admin:subscriptions_delivery_change", args=[delivery.pk])))
    assert "{&quot;content&quot;:&quot;Hi&quot;}" in shown
    assert "changed for this subscription" in shown


# --- formats ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("product", ["slack", "teams", "google_chat", "discord"])
def test_a_missed_call_arrives_as_a_message_signed(receiver, product, settings):
    settings.PUBLIC_URL = "https://calls.example.com"
    company = make_company()
    shape = {"format": product, "mask": ["names"]}
    make_subscription(company, receiver.url, ["post_call"], shape=shape, encoding="form")
    call = ended_call(company, customer_name="Zoë <!channel> & @everyone", customer_phone_number="+12145550123")
    drain_until(nothing_pending)
    (request,) = receiver.got
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["content-type"] == "application/json"
    assert {"signature", "webhook-signature", "webhook-id"} <= headers.keys()
    body = request.body.decode()
    assert "Z***" in body.replace("\\", "")  # Discord's stars are escaped
    assert "Zoë" not in body
    number = body.replace("\\\\", "")  # Discord's hyphens are escaped
    assert "214-555-0123" in number
    assert f"https://calls.example.com/calls/{call.resource_id}/timeline" in body
    assert Delivery.objects.get().encoding == "json"


def test_wording_of_ones_own_is_for_new_events():
    company = make_company()
    messages = {"post_call": "{{outcome}} from {{caller_name}}"}
    subscription = make_subscription(company, events=["post_call"], shape={"format": "slack", "messages": messages})
    ended_call(company, customer_name="Ann")
    Subscription.objects.update(shape={"format": "slack"})
    assert str(sent(subscription)["text"]).startswith("Answered Call from Ann")


def test_a_cloud_event_in_both_modes(receiver, settings):
    settings.PUBLIC_URL = "https://calls.example.com"
    company = make_company()
    urls = {name: f"{receiver.url}/{name}" for name in ("cloudevents", "cloudevents_binary", "plain")}
    for name, url in urls.items():
        shape = None if name == "plain" else {"format": name}
        make_subscription(company, url, ["text_message_received"], shape=shape, name=name)
    text = make_text(company)
    drain_until(nothing_pending)
    got = {request.path.rpartition("/")[2]: request for request in receiver.got}
    event = events_of(text)[0]
    expected = {
        "specversion": "1.0", "id": event.webhook_id, "type": "callhooks.text_message_received",
        "source": f"https://calls.example.com/companies/{company.resource_id}", "subject": text.resource_id,
        "sequence": "1", "sequencetype": "Integer",
    }  # fmt: skip
    plain = got["plain"].body
    structured = json.loads(got["cloudevents"].body)
    assert got["cloudevents"].headers["Content-Type"] == "application/cloudevents+json"
    assert expected.items() <= structured.items()
    assert (structured["datacontenttype"], structured["data"]) == ("application/json", json.loads(plain))
    binary = {name.lower(): value for name, value in got["cloudevents_binary"].headers.items()}
    assert got["cloudevents_binary"].body == plain
    assert binary["content-type"] == "application/json"
    assert {f"ce-{name}": value for name, value in expected.items()}.items() <= binary.items()
    assert binary["ce-time"] == structured["time"]
    assert binary["ce-id"] == binary["webhook-id"]
    assert datetime.fromisoformat(structured["time"]) == event.created_at


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"format": ["slack"]}, "Use one of: slack, teams"),
        ({"format": "skype"}, "there is no 'skype'. Use one of: slack, teams"),
        ({"format": "slack", "only": ["note"]}, "only: a chat message has no keys"),
        ({"messages": {"post_call": "Hi"}}, "only a chat format has them"),
        ({"format": "cloudevents", "messages": {"post_call": "Hi"}}, "only a chat format has them"),
        ({"format": "slack", "messages": {"shoe": "Hi"}}, "no event 'shoe'"),
        ({"format": "slack", "messages": ["Hi"]}, "object of event types"),
        ({"format": "slack", "messages": {"pre_call": "{{outcom}}"}}, "Pre-Call: This event has no {{outcom}}"),
        ({"format": "slack", "messages": {"pre_call": "{{recording}}"}}, "Pre-Call: This event has no {{recording}}"),
    ],
)
def test_a_wrong_format_or_wording_is_refused(shape, words):
    with pytest.raises(ValueError, match=words.replace("{", r"\{").replace("}", r"\}")):
        validate(shape)


def test_the_usual_wording_of_every_event_can_be_edited():
    for event_type in catalogue.all_types():
        text = f"{preset(event_type.name)}\nSent to the office"
        shape = {"format": "slack", "messages": {event_type.name: text}}
        assert validate(shape) == shape


def test_the_admin_previews_a_message_and_keeps_only_what_differs_from_the_usual(client, company):
    subscription = make_subscription(company, events=["post_call", "text_message_received"])
    make_text(company, content="Is the roof <b>done</b>?")
    shown = text_of(client.get(page(subscription)))
    assert "{{outcome}}: {{caller}}" in shown
    form = filled_in(shown) | {"format": "teams", "event": "text_message_received"}
    shown = text_of(client.post(page(subscription), {**form, "_preview": "1"}))
    assert "Text Message Received as a message" in shown
    assert "<p>Is the roof &lt;b&gt;done&lt;/b&gt;?</p>" in shown
    answer = client.post(page(subscription), {**form, "message_post_call": "{{caler}}", "_save": "1"})
    assert "This event has no {{caler}}. Did you mean {{caller}}" in text_of(answer)
    # Of an event that it does not get now: it stays.
    Subscription.objects.update(shape={"format": "slack", "messages": {"pre_call": "Ring!"}})
    client.post(page(subscription), {**form, "message_post_call": "A call of {{caller}}", "_save": "1"})
    subscription.refresh_from_db()
    written = {"pre_call": "Ring!", "post_call": "A call of {{caller}}"}
    assert subscription.shape == {"format": "teams", "messages": written}
