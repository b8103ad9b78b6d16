"""Browser rules on every answer: pages, API, files, redirects and errors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.support.factories import ended_call, make_company, make_key, make_member, make_subscription
from tests.support.long_tests import ALL, Share, some

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def policy(response: Any) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))


PATHS = {
    "a redirect": "/",
    "a page": "/admin/login/",
    "a page that asks for the login": "/admin/",
    "the API": "/api/v1/calls/",
    "nothing there": "/nowhere",
    "nothing there in the API": "/api/v1/nowhere/",
    "a file": "/static/admin/css/base.css",
    "health": "/healthz",
    "no recording": "/calls/CAL0/recording",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_every_answer_has_them(client: Client, path: str):
    response = client.get(path)
    rules = policy(response)
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert not re.search(r"unsafe|\*|data:|https?:", response.headers["Content-Security-Policy"])
    assert "microphone=()" in response.headers["Permissions-Policy"]
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert ("no-store" in response.headers["Cache-Control"]) == (not path.startswith("/static/"))
    assert "Access-Control-Allow-Origin" not in response.headers
    response.close()


def test_errors_have_them_too(client: Client):
    assert policy(client.get("/healthz", headers={"Host": "elsewhere.example.com"}))["script-src"] == "'self'"
    assert policy(Client(enforce_csrf_checks=True).post("/admin/login/", {}))["script-src"] == "'self'"
    assert policy(client.put("/healthz"))["script-src"] == "'self'"


def test_what_a_key_reads_is_kept_by_no_cache(client: Client):
    company = make_company()
    make_subscription(company)
    response = client.get("/api/v1/subscriptions/", headers={"Authorization": f"Bearer {make_key(company)}"})
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def test_the_recording_page_may_load_the_recording_and_tells_nobody_its_address(client: Client):
    call = ended_call(make_company())
    response = client.get(f"/calls/{call.resource_id}/recording?access_key={call.recording_access_key}")
    assert response.status_code == 200
    rules = policy(response)
    assert rules.pop("media-src") == "'self' https: http:"
    assert rules["default-src"] == "'none'"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


# What the policy would keep from running or from being seen.
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", re.I
)


@pytest.mark.parametrize("share", [some(0, 3), ALL])
def test_no_page_of_the_admin_has_anything_inline(client: Client, share: Share):
    company = make_company()
    subscription = make_subscription(company)
    call = ended_call(company)
    superuser = make_member(company)
    superuser.is_superuser = True
    superuser.save()
    client.force_login(superuser)
    paths = [reverse("admin:index"), reverse("admin:password_change")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    for row in (company, subscription, call, company.deliveries.first()):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        paths += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history", "delete")]
    seen = 0
    for path in share.of(paths):
        page = client.get(path)
        if page.status_code == 200:
            seen += 1
            assert INLINE.findall(page.content.decode()) == [], path
    assert seen > 20 // share.every


def test_the_search_for_inline_things_finds_some():
    for bad in (
        "<script>x",
        "<SCRIPT type=module>",
        '<p style="x">',
        "<style>",
        "<a onclick='x'>",
        'href="javascript:x"',
    ):
        assert INLINE.search(bad)
    assert not INLINE.search('<script src="/static/a.js" defer></script> <script type="application/json" id="x">')
