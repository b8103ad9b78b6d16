"""A forgotten password is set anew by a link in a mail; nobody learns who has an account."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from subscriptions.models import AuditEntry
from tests.support import factories

pytestmark = pytest.mark.django_db

ASK = reverse("admin_password_reset")
NEW = "a different long phrase"


def test_a_new_password_by_mail():
    user = factories.make_member(factories.make_company(), username="ann@example.com")
    client = Client()
    assert ASK in client.get(reverse("admin:login")).content.decode()
    assert "Callhooks" in client.get(ASK).content.decode()
    answer = client.post(ASK, {"email": "ann@example.com"}, HTTP_HOST="localhost")
    assert answer.status_code == 302
    found = re.search(r"http://127.0.0.1[^/]*(/admin/reset/\S+)", str(mail.outbox[0].body))
    assert found
    at = client.get(found[1], follow=True).request["PATH_INFO"]
    client.post(at, {"new_password1": NEW, "new_password2": NEW})
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert "unsuccessful" in Client().get(found[1], follow=True).content.decode()
    assert list(AuditEntry.objects.order_by("pk").values_list("act", flat=True)) == [
        "Asked for a new password",
        "Set a new password",
    ]


def test_the_page_says_the_same_for_every_address_and_sends_one_mail():
    factories.make_member(factories.make_company(), username="ann@example.com")
    answers = {
        Client().post(ASK, {"email": email}, follow=True).content
        for email in ("ann@example.com", "nobody@example.com", "ann@example.com")
    }
    assert len(answers) == 1
    assert len(mail.outbox) == 1
