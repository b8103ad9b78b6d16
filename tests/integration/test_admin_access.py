"""Who comes in: API keys, members, the company's settings; and the pages around them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import ApiKey, AuditEntry, Company, Membership
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.events import types_of

pytestmark = pytest.mark.django_db

KEYS = reverse("admin:subscriptions_apikey_changelist")
ADD_KEY = reverse("admin:subscriptions_apikey_add")


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company, username="ann@example.com"))


def test_a_key_is_shown_once_and_kept_as_a_hash(client, company):
    answer = client.post(ADD_KEY, {"name": "Phone system", "scopes": ["ingest"]})
    key = ApiKey.objects.get()
    secret = answer.context["secret"]
    assert secret.startswith(key.prefix)
    assert ApiKey.hash(secret) == key.hashed
    assert secret in answer.content.decode()
    assert (key.company, key.scopes, key.usable) == (company, ["ingest"], True)
    for page in (KEYS, reverse("admin:subscriptions_apikey_change", args=[key.pk]), reverse("admin:index")):
        shown = client.get(page).content.decode()
        assert secret not in shown
        assert key.hashed not in shown
    assert secret not in client.cookies.output()
    assert secret not in str(list(LogEntry.objects.values()))


def test_a_key_can_expire(client):
    client.post(
        ADD_KEY, {"name": "Temporary", "scopes": ["read"], "expires_at_0": "2026-01-01", "expires_at_1": "00:00:00"}
    )
    assert not ApiKey.objects.get().usable
    assert "Expired" in client.get(KEYS).content.decode()


def test_a_key_may_something(client):
    answer = client.post(ADD_KEY, {"name": "Phone system"})
    assert "scopes" in answer.context["adminform"].form.errors
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("how", ["button", "action"])
def test_a_revoked_key_is_refused_at_once(client, company, how):
    from django.test import Client

    key, secret = ApiKey.objects.issue(company=company, name="Phone system")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    if how == "button":
        client.post(reverse("admin:subscriptions_apikey_revoke", args=[key.pk]))
    else:
        client.post(KEYS, {"action": "revoke_selected", "_selected_action": [key.pk], "index": 0})
    key.refresh_from_db()
    assert not key.usable
    assert "Revoked" in client.get(KEYS).content.decode()
    assert LogEntry.objects.get().change_message == "Revoked."
    assert program.get("/api/v1/calls").status_code in (401, 404)


def test_a_key_is_rotated_with_an_overlap(client, company):
    key, _ = ApiKey.objects.issue(company=company, name="Phone system", scopes=["read"])
    rotate = reverse("admin:subscriptions_apikey_rotate", args=[key.pk])
    assert "stop working?" in client.get(rotate).content.decode()
    assert client.post(rotate, {"hours": "9999"}).status_code == 200
    assert ApiKey.objects.count() == 1
    secret = client.post(rotate, {"hours": "24"}).context["secret"]
    made = ApiKey.objects.exclude(pk=key.pk).get()
    key.refresh_from_db()
    assert (made.hashed, made.scopes, made.name) == (ApiKey.hash(secret), ["read"], "Phone system")
    assert key.usable
    assert timedelta(hours=23) < key.expires_at - timezone.now() < timedelta(hours=25)
    assert AuditEntry.objects.get().act == "Rotated"
    client.post(reverse("admin:subscriptions_apikey_revoke", args=[key.pk]))
    client.post(rotate, {"hours": "24"})
    assert ApiKey.objects.count() == 2


def test_what_a_key_may_is_not_changed_later(client, company):
    key, _ = ApiKey.objects.issue(company=company, name="Phone system", scopes=["read"])
    page = reverse("admin:subscriptions_apikey_change", args=[key.pk])
    form = filled_in(client.get(page).content.decode())
    client.post(page, {**form, "name": "New name", "scopes": ["read", "manage"], "hashed": "x"})
    key.refresh_from_db()
    assert (key.name, key.scopes) == ("New name", ["read"])


def test_a_companys_admin_goes_straight_to_its_settings(client, company):
    answer = client.get(reverse("admin:subscriptions_company_changelist"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("admin:subscriptions_company_change", args=[company.pk])
    form = filled_in(answer.content.decode())
    client.post(answer.redirect_chain[-1][0], {**form, "name": "Acme Dental 2", "time_zone": "Europe/Paris"})
    company.refresh_from_db()
    assert (company.name, company.time_zone) == ("Acme Dental 2", "Europe/Paris")


def test_a_companys_admin_neither_makes_nor_deletes_companies(client, company):
    assert client.get(reverse("admin:subscriptions_company_add")).status_code == 403
    assert (
        client.post(reverse("admin:subscriptions_company_delete", args=[company.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert Company.objects.count() == 1


def test_a_time_zone_that_is_an_alias_stays_until_it_is_changed(client, company):
    Company.objects.update(time_zone="EST5EDT")
    page = reverse("admin:subscriptions_company_change", args=[company.pk])
    assert filled_in(client.get(page).content.decode())["time_zone"] == ["EST5EDT"]


def test_the_signing_key_is_shown_when_asked_for_and_that_is_written_down(client, company):
    page = reverse("admin:subscriptions_company_change", args=[company.pk])
    assert company.signing_key not in client.get(page).content.decode()
    reveal = reverse("admin:subscriptions_company_reveal_signing_key", args=[company.pk])
    assert client.get(reveal).status_code == 405
    assert company.signing_key in client.post(reveal).content.decode()
    assert LogEntry.objects.get().change_message == "Viewed the signing key."
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.company, entry.actor) == ("Viewed the signing key", company, "ann@example.com")


def test_members_see_each_other_and_change_nothing(client, company):
    other = factories.make_member(company, "viewer", username="vic@example.com")
    shown = client.get(reverse("admin:subscriptions_membership_changelist")).content.decode()
    assert "ann@example.com" in shown
    assert "vic@example.com" in shown
    mine = Membership.objects.get(user=other)
    assert (
        client.post(reverse("admin:subscriptions_membership_change", args=[mine.pk]), {"role": "owner"}).status_code
        == 403
    )
    assert client.get(reverse("admin:subscriptions_membership_add")).status_code == 403


def test_operators_make_members(company):
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    user = User.objects.create_user("new@example.com", password="x", is_staff=True)
    add = reverse("admin:subscriptions_membership_add")
    answer = operator.post(add, {"company": company.pk, "user": user.pk, "role": "owner"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    twice = operator.post(add, {"company": company.pk, "user": user.pk, "role": "viewer"})
    assert twice.status_code == 200
    assert Membership.objects.get(user=user).role == "owner"


def test_a_role_that_is_taken_away_counts_at_once(client, company):
    page = reverse("admin:calls_call_changelist")
    assert client.get(page).status_code == 200
    Membership.objects.all().delete()
    assert client.get(page).status_code == 403


def test_a_text_is_brought_in_exactly_as_it_was_written(client, company):
    tracker = factories.make_tracker(company)
    add = reverse("admin:messaging_textmessage_add")
    form = filled_in(client.get(add).content.decode())
    answer = client.post(
        add,
        {
            **form,
            "tracker": tracker.pk,
            "direction": "outbound",
            "customer_phone_number": "2145550123",
            "content": "  See you\r\nat 3 👋 ",
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    text = TextMessage.objects.get()
    assert text.content == "  See you\nat 3 👋 "
    assert types_of(text) == ["text_message_sent"]
    assert "Text Message Sent" in client.get(answer.headers["Location"]).content.decode()


def test_a_form_is_brought_in(client, company):
    add = reverse("admin:forms_intake_formsubmission_add")
    form = filled_in(client.get(add).content.decode())
    answer = client.post(add, {**form, "form_data": '{"name": "Ann", "phone": "214-555-0123", "password": "x"}'})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = FormSubmission.objects.get()
    assert made.form_data == {"name": "Ann", "phone": "214-555-0123"}
    assert types_of(made) == ["form_submission"]
    assert "Form Submission" in client.get(answer.headers["Location"]).content.decode()


def test_a_conversation_is_given_to_a_member(client, company):
    factories.make_text(company)
    thread = Thread.objects.get()
    stranger = factories.make_member(factories.make_company("Other"), username="stranger@example.com")
    page = reverse("admin:messaging_thread_change", args=[thread.pk])
    member = User.objects.get(username="ann@example.com")
    client.post(page, {"assigned_to": stranger.pk, "lead_status": ""})
    thread.refresh_from_db()
    assert thread.assigned_to is None
    client.post(page, {"assigned_to": member.pk, "lead_status": ""})
    thread.refresh_from_db()
    assert thread.assigned_to == member


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("tag", {"name": "Emergency", "color": "gray1"}),
        ("tracker", {"name": "Ads", "phone_number": "+14045550100"}),
    ],
)
def test_the_same_twice_is_told_not_raised(client, model, fields):
    add = reverse(f"admin:calls_{model}_add")
    assert client.post(add, fields).status_code == 302
    assert "already" in client.post(add, fields).content.decode()


PAGES = {
    "": ["Home", "Activity", "People"],
    "Webhooks": ["Subscriptions", "Deliveries"],
    "Set up": ["Numbers and forms", "Settings"],
}


def test_the_menu_lists_the_daily_work_first(client):
    menu = client.get(reverse("admin:index")).context["menu"]
    assert {group.heading: [link.label for link in group.links if link.label != "Reports"] for group in menu} == PAGES
    assert [link.label for group in menu for link in group.links if link.current] == ["Home"]
    assert not any(link.pages for group in menu for link in group.links)


def test_the_pages_of_an_entry_show_while_one_of_them_is_open(client):
    menu = client.get(reverse("admin:subscriptions_event_changelist")).context["menu"]
    (entry,) = [link for group in menu for link in group.links if link.pages]
    assert (entry.label, entry.current) == ("Deliveries", "true")
    assert [page.label for page in entry.pages] == ["Log", "Events", "Event catalogue", "Sent again"]
    assert [page.label for page in entry.pages if page.current] == ["Events"]


def test_no_page_carries_scripts_or_styles_of_its_own(client, company):
    """They would stand in the way of a strict content security policy."""
    import re

    factories.make_subscription(company)
    call = factories.ended_call(company)
    factories.make_text(company)
    from subscriptions.models import Delivery, Event

    pages = [
        reverse("admin:index"),
        reverse("admin:calls_call_changelist"),
        reverse("admin:calls_call_change", args=[call.pk]),
        reverse("admin:calls_call_add"),
        reverse("admin:subscriptions_subscription_changelist"),
        reverse("admin:subscriptions_subscription_add"),
        reverse("admin:subscriptions_delivery_changelist"),
        reverse("admin:subscriptions_delivery_change", args=[Delivery.objects.all()[0].pk]),
        reverse("admin:subscriptions_event_change", args=[Event.objects.all()[0].pk]),
        reverse("admin:subscriptions_company_change", args=[company.pk]),
    ]
    for page in pages:
        shown = client.get(page).content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>\s*\S", shown), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", shown), page


def test_an_expiry_is_asked_in_the_companys_zone(client):
    client.post(ADD_KEY, {"name": "T", "scopes": ["read"], "expires_at_0": "2030-07-01", "expires_at_1": "14:00:00"})
    assert ApiKey.objects.get().expires_at.isoformat() == "2030-07-01T18:00:00+00:00"
    assert timezone.now() + timedelta(days=1) < ApiKey.objects.get().expires_at
