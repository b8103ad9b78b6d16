"""What people's pages need, programs do not get: no session, no cookie, no login of a browser."""

from __future__ import annotations

import pytest
from axes.middleware import AxesMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client

from tests.support.api import program
from tests.support.factories import make_company

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/api/v1/calls/", "/api/v1/nothing/", "/v3/a.json", "/api/v3/a.json", "/healthz", "/f/key"]
)
def test_answers_to_programs_set_and_vary_by_no_cookie(path, admin_user):
    client = Client()
    client.force_login(admin_user)
    answer = client.get(path)
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not hasattr(answer.wsgi_request, "session")


@pytest.mark.parametrize("path", ["/admin/", "/api/v1/docs/", "/invitation/x", "/"])
def test_pages_have_a_session(path):
    assert hasattr(Client().get(path).wsgi_request, "session")


def test_a_browsers_login_is_no_key(admin_user):
    client = Client()
    client.force_login(admin_user)
    assert client.get("/api/v1/calls/").status_code == 401
    assert program(make_company()).get("/api/v1/calls/").status_code == 200


def test_programs_go_past_what_checks_forms_and_logins(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(CsrfViewMiddleware, "process_request", lambda self, request: asked.append(request.path))
    lock_out = AxesMiddleware.__call__

    def note(self, request):
        asked.append(request.path)
        return lock_out(self, request)

    monkeypatch.setattr(AxesMiddleware, "__call__", note)
    program(make_company()).get("/api/v1/calls/")
    assert not asked
    Client().get("/")
    assert asked == ["/", "/"]
