"""Members, their roles, and how they come in: by a link in a mail that works once."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from subscriptions.lib.errors import ActionRefused
from subscriptions.models import AuditEntry, Invitation, MailRequest, Membership
from subscriptions.tenancy import members
from subscriptions.worker import mails
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db

ADD = reverse("admin:subscriptions_invitation_add")
LIST = reverse("admin:subscriptions_invitation_changelist")
NEW = {"first_name": "Nina", "new_password1": factories.PASSWORD, "new_password2": factories.PASSWORD}


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def owner(company) -> User:
    return factories.make_member(company, "owner", username="olga@example.com")


def page_of(row: Membership | Invitation, name: str = "change") -> str:
    return reverse(f"admin:subscriptions_{row._meta.model_name}_{name}", args=[row.pk])


def link() -> str:
    """Out of the newest mail, once the cluster has sent it."""
    mails.work()
    found = re.search(r"http://[^/]+(/admin/invitation/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def invited(owner: User, email: str = "nina@example.com", role: str = "viewer") -> str:
    answer = login(owner).post(ADD, {"email": email, "role": role})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return link()


def test_a_stranger_comes_in_once(company, owner):
    at = invited(owner)
    assert mail.outbox[0].to == ["nina@example.com"]
    assert Invitation.hash(at.split("/")[-2]) == Invitation.objects.get().hashed
    stranger = Client()
    assert "nina@example.com" in stranger.get(at).content.decode()
    assert stranger.get(at).status_code == 200  # a scanner's look uses nothing up
    assert stranger.post(at, NEW).headers["Location"] == reverse("admin:index")
    membership = Membership.objects.get(user__username="nina@example.com")
    assert (membership.company, membership.role) == (company, "viewer")
    assert membership.user.check_password(factories.PASSWORD)
    assert stranger.get(LIST).status_code == 200
    assert stranger.get(ADD).status_code == 403
    assert Client().get(at).status_code == 410
    assert Client().post(at, {**NEW, "first_name": "Eve"}).status_code == 410
    assert "Accepted an invitation" in AuditEntry.objects.values_list("act", flat=True)


@pytest.mark.parametrize("password", ["short1", "12345678901", "nina@example.com"])
def test_weak_passwords_are_refused(owner, password):
    at = invited(owner)
    answer = Client().post(at, {**NEW, "new_password1": password, "new_password2": password})
    assert "new_password2" in answer.context["form"].errors
    assert Membership.objects.count() == 1


def test_who_has_an_account_logs_in_and_joins(company, owner):
    elsewhere = factories.make_member(factories.make_company("Other"), username="nina@example.com")
    at = invited(owner)
    assert "already has an account" in Client().get(at).content.decode()
    assert Client().post(at, NEW).status_code == 200
    assert "is for nina@example.com" in login(owner).post(at).content.decode()
    assert Membership.objects.filter(company=company).count() == 1
    assert login(elsewhere).post(at).status_code == 302
    assert set(elsewhere.memberships.values_list("company__name", "role")) == {
        ("Other", "admin"),
        (company.name, "viewer"),
    }


def test_an_invitation_changes_no_members_role(company, owner):
    nina = factories.make_member(factories.make_company("Other"), username="nina@example.com")
    at = invited(owner, role="viewer")
    Membership.objects.create(user=nina, company=company, role="admin")
    assert login(nina).post(at).status_code == 302
    assert nina.memberships.get(company=company).role == "admin"


@pytest.mark.sample(every=2)
@pytest.mark.parametrize("how", ["withdrawn", "expired", "sent again", "invited again"])
def test_an_old_link_opens_nothing(owner, how):
    at = invited(owner)
    invitation = Invitation.objects.get()
    Invitation.objects.update(sent_at=timezone.now() - timedelta(minutes=2))
    if how == "withdrawn":
        login(owner).post(page_of(invitation, "withdraw"))
    elif how == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "sent again":
        login(owner).post(page_of(invitation, "send_again"))
    else:
        invited(owner)
    assert Client().post(at, NEW).status_code == 410
    if how in ("sent again", "invited again"):
        assert Client().post(link(), NEW).status_code == 302
    assert Client().get(reverse("admin:invitation", args=["no-such-token"])).status_code == 410


def test_mails_are_not_sent_without_end(company, owner, monkeypatch):
    invited(owner)
    login(owner).post(page_of(Invitation.objects.get(), "send_again"))
    mails.work()
    assert len(mail.outbox) == 1
    monkeypatch.setattr(members, "MOST_IN_AN_HOUR", 1)
    answer = login(owner).post(ADD, {"email": "more@example.com", "role": "admin"})
    assert answer.context["adminform"].form.non_field_errors()
    assert "already a member" in str(
        login(owner).post(ADD, {"email": "OLGA@example.com", "role": "admin"}).context["adminform"].form.errors
    )


def test_a_mail_that_cannot_be_sent_is_told(owner, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    login(owner).post(ADD, {"email": "nina@example.com", "role": "admin"})
    mails.work()
    shown = login(owner).get(reverse("admin:subscriptions_invitation_changelist")).content.decode()
    assert "could not be sent" in shown
    assert Invitation.objects.get().open
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    MailRequest.objects.update(due_at=timezone.now())
    assert Client().post(link(), NEW).status_code == 302
    assert not Invitation.objects.get().mail_error


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_only_owners_manage_members(company, owner, role):
    user = factories.make_member(company, role, username="ann@example.com")
    invitation, _ = members.invite(company=company, email="nina@example.com", role="owner", by=owner)
    mine = Membership.objects.get(user=user)
    client = login(user)
    assert client.post(ADD, {"email": "eve@example.com", "role": "owner"}).status_code == 403
    for name in ("send_again", "withdraw"):
        assert client.post(page_of(invitation, name)).status_code == 403
    assert client.post(page_of(mine), {"role": "owner"}).status_code == 403
    assert client.post(page_of(Membership.objects.get(user=owner), "delete"), {"post": "yes"}).status_code == 403
    mine.refresh_from_db()
    assert (mine.role, Membership.objects.count(), Invitation.objects.count(), mail.outbox) == (role, 2, 1, [])


def test_an_owner_here_is_none_elsewhere(company, owner):
    """An owner of two companies chooses between them; one of which they are only an admin is not offered."""
    second, third = factories.make_company("Second"), factories.make_company("Third")
    Membership.objects.create(company=second, user=owner, role="owner")
    Membership.objects.create(company=third, user=owner, role="admin")
    client = login(owner)
    offered = client.get(ADD).context["adminform"].form.fields["company"].queryset
    assert {row.name for row in offered} == {company.name, "Second"}
    client.post(ADD, {"email": "nina@example.com", "role": "owner", "company": third.pk})
    assert not Invitation.objects.exists()
    client.post(ADD, {"email": "nina@example.com", "role": "owner", "company": second.pk})
    assert Invitation.objects.get().company == second


def test_the_last_owner_stays(company, owner):
    client, mine = login(owner), Membership.objects.get(user=owner)
    form = filled_in(client.get(page_of(mine)).content.decode())
    assert "needs an owner" in client.post(page_of(mine), {**form, "role": "admin"}).content.decode()
    assert "needs an owner" in client.post(page_of(mine, "delete"), {"post": "yes"}, follow=True).content.decode()
    second = factories.make_member(company, "owner", username="oscar@example.com")
    assert client.post(page_of(mine), {**form, "role": "admin"}).status_code == 302
    mine.refresh_from_db()
    assert mine.role == "admin"
    assert login(second).post(page_of(mine, "delete"), {"post": "yes"}).status_code == 302
    assert not Membership.objects.filter(user=owner).exists()
    assert client.get(LIST).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_leave(company):
    owners = [Membership.objects.get(user=factories.make_member(company, "owner")) for _ in range(2)]
    start, refused = threading.Barrier(2), []

    def leave(membership: Membership) -> None:
        try:
            start.wait(120)
            with transaction.atomic():
                members.require_another_owner(membership)
                membership.delete()
        except ActionRefused:
            refused.append(membership)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=[one]) for one in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(refused) == 1
    assert Membership.objects.get().role == "owner"


@pytest.mark.parametrize("how", ["removed", "demoted"])
def test_who_may_invite_no_more_brings_nobody_in(company, owner, how):
    other = factories.make_member(company, "owner", username="other@example.com")
    at = invited(other, "planted@example.com", "owner")
    membership = Membership.objects.get(user=other)
    client = login(owner)
    if how == "removed":
        client.post(page_of(membership, "delete"), {"post": "yes"})
    else:
        client.post(
            page_of(membership), {**filled_in(client.get(page_of(membership)).content.decode()), "role": "viewer"}
        )
    assert Membership.objects.filter(user=other, role="owner").count() == 0
    assert Client().get(at).status_code == 410
