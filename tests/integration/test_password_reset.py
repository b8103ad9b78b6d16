"""A forgotten password is set anew by a link in a mail; nobody learns who has an account."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from subscriptions.models import AuditEntry, MailRequest
from subscriptions.tenancy import mails as mails_asked
from subscriptions.worker import mails
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
    assert mail.outbox == [], "the request waits for no mail server"
    mails.work()
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
    mails.work()
    assert len(mail.outbox) == 1
    assert not MailRequest.objects.exclude(email="").exists(), "addresses are kept no longer than they are needed"


def test_the_response_does_the_same_for_an_address_that_nobody_has():
    """Counted in statements, since times vary: whoever measures sees one and the same work."""
    factories.make_member(factories.make_company(), username="ann@example.com")
    counts = []
    for email in ("ann@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as made:
            Client().post(ASK, {"email": email})
        counts.append([each["sql"].split()[:3] for each in made.captured_queries if "SAVEPOINT" not in each["sql"]])
    assert counts[0] == counts[1]


def test_requests_have_a_limit_that_is_the_same_for_all(settings):
    for _ in range(mails_asked.MOST_RESETS):
        assert Client().post(ASK, {"email": "nobody@example.com"}).status_code == 302
    answer = Client().post(ASK, {"email": "ann@example.com"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "Wait a minute" in answer.content.decode()


def test_a_mail_server_that_is_away_is_asked_again(settings):
    factories.make_member(factories.make_company(), username="ann@example.com")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    Client().post(ASK, {"email": "ann@example.com"})
    mails.work()
    waiting = MailRequest.objects.get()
    assert (waiting.attempts, waiting.finished_at, waiting.email) == (1, None, "ann@example.com")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mails.work()
    assert mail.outbox == [], "not before its time"
    MailRequest.objects.update(due_at=timezone.now())
    mails.work()
    assert len(mail.outbox) == 1
