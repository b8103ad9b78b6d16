"""Owners and admins manage the company's alert destinations, everybody their own. What is wrong is explained."""

import pytest
from django.test import Client
from django.urls import reverse

from subscriptions.endpoints import endpoint_changes
from subscriptions.models import AlertDestination, AuditEntry, Delivery, Event, Membership, Subscription
from tests.support.admin import login
from tests.support.alerts import fails, make_destination
from tests.support.api import program, wrong
from tests.support.factories import make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db
LIST = reverse("admin:subscriptions_alertdestination_changelist")
ADD = reverse("admin:subscriptions_alertdestination_add")
SLACK = "https://hooks.slack.com/services/T0/B0/sEcReT"
FORM = {"kind": "slack", "name": "#webhooks", "url": SLACK, "alerts": ["failing", "summary"], "summary_hour": "7"}


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def client(company) -> Client:
    return login(make_member(company, "admin", "admin@example.com"))


def page(destination: AlertDestination, name: str = "change") -> str:
    return reverse(f"admin:subscriptions_alertdestination_{name}", args=[destination.pk])


def text(answer) -> str:
    return answer.content.decode()


def test_one_is_added_tried_turned_off_and_removed(client, company):
    crm = make_subscription(company)
    shown = text(client.get(ADD))
    assert "The company&#x27;s" in shown
    answer = client.post(ADD, {**FORM, "whose": "company", "subscriptions": [crm.pk]}, follow=True)
    destination = AlertDestination.objects.get()
    assert "Saved. Send a test alert" in text(answer)
    assert "sEcReT" not in text(answer)
    assert "https://hooks.slack.com/…" in text(answer)
    assert (destination.member, destination.summary_hour, list(destination.subscriptions.all())) == (None, 7, [crm])
    assert "A test alert is on its way" in text(client.post(page(destination, "test"), follow=True))
    assert Event.objects.get().type == "alert.test"
    log = text(
        client.get(f"{reverse('admin:subscriptions_delivery_changelist')}?subscription={destination.endpoint_id}")
    )
    assert "Test alert" in log
    assert ">Alert<" in log
    delivery = text(client.get(reverse("admin:subscriptions_delivery_change", args=[Delivery.objects.get().pk])))
    assert page(destination) in delivery
    assert "sEcReT" not in delivery
    client.post(page(destination, "turn_off"))
    assert not AlertDestination.objects.get().active
    client.post(page(destination, "turn_on"))
    assert AlertDestination.objects.get().active
    client.post(page(destination, "delete"), {"post": "yes"})
    assert not AlertDestination.objects.exists()
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["Added", "Sent a test alert", "Turned off", "Turned on", "Removed"]


def test_a_change_keeps_the_url_unless_a_new_one_is_given(client, company):
    destination = make_destination(company, "slack", SLACK)
    changed = {"name": "Other", "url": "", "alerts": ["failing"], "summary_hour": "8"}
    assert client.post(page(destination), changed).status_code == 302
    endpoint = Subscription.with_alerts.get(pk=destination.endpoint_id)
    assert (endpoint.secret_url, endpoint.name) == (SLACK, "Other")
    answer = client.post(page(destination), {**changed, "url": "https://chat.example.com/hooks/1"}, follow=True)
    assert "usually begin with https://hooks.slack.com" in text(answer)
    assert Subscription.with_alerts.get(pk=destination.endpoint_id).secret_url == "https://chat.example.com/hooks/1"


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "https://app.slack.com/client/T0/C0"}, "This is the address of a page, not of a webhook."),
        ({"url": ""}, "Paste the webhook"),
        ({"url": "http://127.1.2.3:22/"}, "cannot be reached from here"),
        ({"kind": "mail", "email": "stranger@example.net"}, "no member"),
        ({"alerts": []}, "Choose at least one."),
        ({"kind": "fax"}, "valid choice"),
    ],
)
def test_what_is_wrong_is_said(client, given, words, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    answer = client.post(ADD, {**FORM, "whose": "company", **given})
    assert answer.status_code == 200
    assert words in text(answer)
    assert not AlertDestination.objects.exists()


def test_a_viewer_has_their_own_and_only_sees_the_companys(company):
    companys = make_destination(company, name="Company chat")
    another = make_member(company, "admin", "another@example.com")
    theirs = make_destination(company, name="Private chat", member=Membership.objects.get(user=another))
    viewer = login(make_member(company, "viewer", "viewer@example.com"))
    shown = text(viewer.get(LIST))
    assert "Company chat" in shown
    assert "Private chat" not in shown
    assert viewer.post(page(companys, "turn_off")).status_code == 403
    assert viewer.post(page(theirs, "turn_off"), follow=True).status_code in (403, 404, 200)
    assert AlertDestination.objects.filter(active=True).count() == 2
    refused = viewer.post(ADD, {**FORM, "whose": "company"})
    assert "Only owners and admins" in text(refused)
    assert viewer.post(ADD, {**FORM, "whose": "own"}).status_code == 302
    own = AlertDestination.objects.get(name="#webhooks")
    assert own.member.user.username == "viewer@example.com"
    assert viewer.post(page(own, "turn_off")).status_code == 302
    assert not AlertDestination.objects.get(pk=own.pk).active
    assert login(another).get(page(own)).status_code != 200


def test_the_api_makes_changes_tries_and_removes_one(company):
    crm, api = make_subscription(company), program(company, ["read", "manage"])
    make_destination(company, name="Private", member=_member(company))
    values = {"kind": "slack", "name": "#webhooks", "url": SLACK, "alerts": ["failing"]}
    made = api.post("/api/v1/alert-destinations/", {**values, "subscriptions": [crm.resource_id]})
    assert made.status_code == 201, made.json()
    one = made.json()
    assert (one["url"], one["subscriptions"], one["state"]) == ("https://hooks.slack.com/…", [crm.resource_id], "on")
    at = f"/api/v1/alert-destinations/{one['resource_id']}/"
    assert [each["name"] for each in api.get("/api/v1/alert-destinations/").json()["results"]] == ["#webhooks"]
    changed = api.patch(at, {"alerts": ["summary"], "summary_hour": 6, "subscriptions": [], "active": True})
    assert (changed.json()["alerts"], changed.json()["subscriptions"]) == (["summary"], [])
    assert api.post(f"{at}test/").status_code == 202
    assert api.post(f"{at}secret/").json()["secret"].startswith("whsec_")
    assert api.get("/api/v1/deliveries/").json()["results"] == []
    assert api.get("/api/v1/events/").json()["results"] == []
    assert [each["name"] for each in api.get("/api/v1/subscriptions/").json()["results"]] == ["CRM"]
    endpoint = Subscription.with_alerts.get(for_alerts=True, name="#webhooks")
    assert api.get(f"/api/v1/subscriptions/{endpoint.resource_id}/").status_code == 404
    assert api.patch(at, {"active": False}).json()["state"] == "off"
    assert api.post(f"{at}test/").status_code == 409
    assert api.delete(at).status_code == 204
    assert api.get(at).status_code == 404


def _member(company) -> Membership:
    return Membership.objects.get(user=make_member(company, "viewer", "viewer@example.com"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "https://teams.microsoft.com/l/channel/1", "kind": "teams"}, "#/url"),
        ({"kind": "mail", "email": "stranger@example.net"}, "#/email"),
        ({"alerts": ["noise"]}, "#/alerts/0"),
        ({"subscriptions": ["SUB" + "0" * 32]}, "#/subscriptions"),
        ({"summary_hour": 24}, "#/summary_hour"),
        ({"active": "yes"}, "#/active"),
    ],
)
def test_the_api_says_what_is_wrong(company, given, field):
    values = {"kind": "slack", "name": "x", "url": SLACK, "alerts": ["failing"], **given}
    assert field in wrong(program(company, ["manage"]).post("/api/v1/alert-destinations/", values))


def test_scopes(company):
    values = {"kind": "slack", "name": "x", "url": SLACK, "alerts": ["failing"]}
    assert program(company, ["read"]).post("/api/v1/alert-destinations/", values).status_code == 403
    assert program(company, ["ingest"]).get("/api/v1/alert-destinations/").status_code == 403


def test_nothing_else_lists_the_endpoint(client, company):
    make_destination(company, "slack", SLACK, name="Hidden chat")
    crm = make_subscription(company)
    fails(crm)
    endpoint_changes.tell()
    for name in ("subscription_changelist", "resendjob_add"):
        assert "Hidden chat" not in text(client.get(reverse(f"admin:subscriptions_{name}")))
    assert "Hidden chat" not in text(client.get(reverse("admin:index")))
