"""The links in webhooks, as strangers try them: what is no link gets no further than its address."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client

from calls.models import Call
from tests.support.factories import PASSWORD, ended_call, make_company, make_member

pytestmark = pytest.mark.django_db
NOBODY = "CAL" + "0" * 32


@pytest.fixture
def call() -> Call:
    return ended_call(make_company())


@pytest.mark.parametrize("page", ["recording", "recording/redirect", "timeline"])
@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "CAL0", "CAL" + "0" * 33, NOBODY + "%0a", "%ff", "..%2f..%2fx", "%0d%0aX:y"]
)
def test_what_cannot_be_a_call_is_not_looked_up(name: str, page: str, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get(f"/calls/{name}/{page}").status_code == 404


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("page", ["recording", "recording/redirect"])
@pytest.mark.parametrize("key", ["", "x", "%00", "%ff", "é", "x" * 5000])
def test_without_its_key_a_recording_is_not_there(call: Call, page: str, key: str):
    for resource_id in (call.resource_id, NOBODY):
        answer = Client().get(f"/calls/{resource_id}/{page}?access_key={key}")
        assert answer.status_code == 404


def test_the_key_of_one_call_opens_no_other(call: Call):
    other = ended_call(call.company, call.tracker)
    answer = Client().get(f"/calls/{other.resource_id}/recording?access_key={call.recording_access_key}")
    assert answer.status_code == 404


def test_a_key_cannot_be_guessed(call: Call):
    assert len(call.recording_access_key) == 32  # hex digits: 128 bits
    assert ended_call(call.company, call.tracker).recording_access_key != call.recording_access_key


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example.com/x", "file:///etc/passwd"]
)
def test_only_web_addresses_are_linked(call: Call, url: str):
    Call.objects.filter(pk=call.pk).update(recording_url=url)
    key = call.recording_access_key
    for page in ("recording", "recording/redirect"):
        assert Client().get(f"/calls/{call.resource_id}/{page}?access_key={key}").status_code == 404


@pytest.mark.parametrize(
    "target", ["https://evil.example.com/", "//evil.example.com/", "/\\evil.example.com", "javascript:alert(1)"]
)
def test_a_login_leads_nowhere_else(target: str):
    user = make_member(make_company())
    answer = Client().post("/admin/login/", {"username": user.username, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("page", ["403.html", "404.html"])
def test_pages_of_refusal_need_neither_collected_files_nor_the_admin(page, settings):
    settings.ROOT_URLCONF = "tests.bench.bare_site"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    assert "<h1>" in render_to_string(page)
