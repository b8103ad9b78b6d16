"""Secrets, keys and members: after ten minutes the page asks who it is again. Wrong answers count like at the login."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callhooks_site.security import models as security
from callhooks_site.security.models import SecondFactor
from callhooks_site.security.reauthentication import CONFIRMED_AT, FIELD, VALID_SECONDS
from subscriptions.models import ApiKey, AuditEntry, Company, Invitation, Membership
from tests.integration.test_security_second_factor import code_of
from tests.support.admin import login
from tests.support.alerts import make_destination
from tests.support.factories import PASSWORD, make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db
ASKED = "more than ten minutes ago"


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def owner(company) -> User:
    return make_member(company, "owner")


def aged(client: Client, seconds: int = VALID_SECONDS) -> Client:
    session = client.session
    session[CONFIRMED_AT] = int(time.time()) - seconds
    session.save()
    return client


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:subscriptions_{name}", args=args)


def acts(company: Company, owner: User) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every sensitive POST of a company's pages: its address and what it sends."""
    subscription = make_subscription(company)
    key = ApiKey.objects.issue(company=company, name="old")[0]
    other = Membership.objects.get(user=make_member(company, "viewer"))
    invitation = Invitation(company=company, email="x@example.com", invited_by=owner)
    invitation.new_token()
    invitation.sent_at -= timedelta(minutes=2)
    invitation.save()
    return {
        "show a secret": (address("subscription_reveal_secret", subscription.pk), {}),
        "show an alert's secret": (address("alertdestination_reveal_secret", make_destination(company).pk), {}),
        "rotate a secret": (address("subscription_rotate_secret", subscription.pk), {}),
        "show the signing key": (address("company_reveal_signing_key", company.pk), {}),
        "rotate the signing key": (address("company_rotate_signing_key", company.pk), {}),
        "create a key": (address("apikey_add"), {"name": "new", "scopes": ["read", "ingest"]}),
        "rotate a key": (address("apikey_rotate", key.pk), {"hours": "0"}),
        "revoke a key": (address("apikey_revoke", key.pk), {}),
        "invite": (address("invitation_add"), {"email": "nina@example.com", "role": "owner"}),
        "invite again": (address("invitation_send_again", invitation.pk), {}),
        "change a role": (address("membership_change", other.pk), {"role": "owner"}),
        "remove a member": (address("membership_delete", other.pk), {"post": "yes"}),
    }


NAMES = [
    "show a secret", "show an alert's secret", "rotate a secret", "show the signing key", "rotate the signing key",
    "create a key", "rotate a key", "revoke a key", "invite", "invite again", "change a role", "remove a member",
]  # fmt: skip


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("name", NAMES)
def test_it_asks_after_ten_minutes_and_then_does_it(company, owner, name):
    url, data = acts(company, owner)[name]
    client = aged(login(owner))
    before = AuditEntry.objects.count()
    page = client.post(url, data).content.decode()
    assert ASKED in page
    assert AuditEntry.objects.count() == before, "nothing is done yet"
    secrets = [company.signing_key, *company.subscriptions.values_list("secret", flat=True)]
    assert not any(secret in page for secret in secrets)
    # What was sent is sent again with the password, by the page's own form.
    repeated: dict[str, list[str]] = {}
    for each, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page):
        if each != "csrfmiddlewaretoken":
            repeated.setdefault(unescape(each), []).append(unescape(value))
    assert {each: value if isinstance(value, list) else [value] for each, value in data.items()} == repeated
    done = client.post(url, {**repeated, FIELD: PASSWORD})
    assert ASKED not in done.content.decode()
    assert AuditEntry.objects.count() > before
    assert ASKED not in client.post(acts_again(company), {}).content.decode(), "and not again at once"


def acts_again(company: Company) -> str:
    return address("company_reveal_signing_key", company.pk)


def test_nothing_is_asked_within_ten_minutes(company, owner):
    client = aged(login(owner), VALID_SECONDS - 60)
    assert company.signing_key in client.post(acts_again(company)).content.decode()


def test_a_session_that_never_answered_is_asked_and_so_is_one_of_the_future(company, owner):
    client = login(owner)
    session = client.session
    del session[CONFIRMED_AT]
    session.save()
    assert ASKED in client.post(acts_again(company)).content.decode()
    assert ASKED in aged(client, -3_600).post(acts_again(company)).content.decode()


def test_wrong_passwords_count_like_those_of_the_login(company, owner):
    client = aged(login(owner))
    for _ in range(9):
        answer = client.post(acts_again(company), {FIELD: "wrong"})
        assert "not your password" in answer.content.decode()
    assert client.post(acts_again(company), {FIELD: "wrong"}).status_code == 429
    assert client.post(acts_again(company), {FIELD: PASSWORD}).status_code == 429, "the right one comes too late"
    assert Client().post("/admin/login/", {"username": owner.username, "password": PASSWORD}).status_code == 429


def test_users_of_two_step_login_enter_a_code(company, owner):
    SecondFactor.objects.create(user=owner, name="app", confirmed=True)
    client = Client()
    fields = {"username": owner.username, "password": PASSWORD, "code": code_of(owner), "next": "/admin/"}
    assert client.post("/admin/login/", fields).status_code == 302
    aged(client)
    page = client.post(acts_again(company)).content.decode()
    assert "a code from your app" in page
    assert company.signing_key not in client.post(acts_again(company), {FIELD: PASSWORD}).content.decode()
    (code, *_) = security.replace_recovery_codes(owner)
    security.RecoveryCodes.objects.update(throttling_failure_count=0)
    assert company.signing_key in client.post(acts_again(company), {FIELD: code}).content.decode()


def test_operators_are_asked_before_they_change_users(company):
    root = User.objects.create_superuser("root", "root@example.com", PASSWORD)
    user = make_member(company)
    client = aged(login(root))
    urls = [reverse("admin:auth_user_change", args=[user.pk]), reverse("admin:auth_user_add")]
    urls += [reverse(f"admin:auth_user_{name}", args=[user.pk]) for name in ("password_change", "delete")]
    for url in urls:
        assert ASKED in client.post(url, {"email": "eve@example.com"}).content.decode(), url
        assert ASKED not in client.get(url).content.decode()


CHANGE = reverse("admin:password_change")
NEW = {"new_password1": "another long phrase", "new_password2": "another long phrase"}


def test_wrong_guesses_on_the_password_page_count(owner):
    client = login(owner)
    for _ in range(9):
        assert "not your password" in client.post(CHANGE, {"old_password": "wrong", **NEW}).content.decode()
    assert client.post(CHANGE, {"old_password": "wrong", **NEW}).status_code == 429
    assert client.post(CHANGE, {"old_password": PASSWORD, **NEW}).status_code == 429
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_the_password_is_changed_and_noted_and_other_sessions_end(owner):
    client, other = login(owner), login(owner)
    assert client.post(CHANGE, {"old_password": PASSWORD, **NEW}).status_code == 302
    assert AuditEntry.objects.filter(act="Changed the password", user=owner).exists()
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302


def test_wrong_passwords_when_two_step_login_is_set_up_count(owner):
    client = login(owner)
    page = reverse("admin:second_factor")
    client.post(page, {"do": "begin"})
    for _ in range(9):
        client.post(page, {"do": "confirm", "code": "000000", "password": "wrong"})
    assert client.post(page, {"do": "confirm", "code": "000000", "password": "wrong"}).status_code == 429


def test_a_logout_tells_the_browser_to_keep_nothing(owner):
    answer = login(owner).post(reverse("admin:logout"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
