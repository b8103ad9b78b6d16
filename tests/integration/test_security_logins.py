"""Guessing passwords ends soon: throttled by person and address, by address, and by name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.factories import PASSWORD, make_company, make_member

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


@pytest.fixture
def member() -> User:
    return make_member(make_company())


def attempt(username: str, password: str = "wrong", address: str = "203.0.113.7") -> Any:
    return Client().post(LOGIN, {"username": username, "password": password, "next": "/admin/"}, REMOTE_ADDR=address)


def failed(count: int, username: str, address: str = "203.0.113.7") -> None:
    """So many failures, without the time that each takes."""
    AccessAttempt.objects.create(
        username=username, ip_address=address, user_agent="", failures_since_start=count, attempt_time=timezone.now()
    )


def test_after_ten_failures_the_right_password_does_not_help(member: User):
    for _ in range(9):
        assert attempt(member.username).status_code == 200
    assert attempt(member.username).status_code == 429
    answer = attempt(member.username, PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    page = answer.content.decode()
    assert "Too many failed logins" in page
    assert "15 minutes" in page
    assert member.username not in page
    assert "sessionid" not in answer.cookies


def test_nine_failures_are_forgiven(member: User):
    failed(9, member.username)
    assert attempt(member.username, PASSWORD).status_code == 302


def test_others_at_another_address_still_get_in(member: User):
    failed(10, member.username, "198.51.100.9")
    assert attempt(member.username, PASSWORD).status_code == 302


def test_an_address_that_tries_many_names_is_stopped(member: User):
    for number in range(5):
        failed(9, f"name{number}@example.com")
    assert attempt(member.username, PASSWORD).status_code == 302
    failed(5, "name9@example.com")
    assert attempt(member.username, PASSWORD).status_code == 429


def test_many_addresses_that_try_one_name_are_stopped(member: User):
    for number in range(25):
        failed(8, member.username, f"198.51.100.{number}")
    assert attempt(member.username, PASSWORD).status_code == 429


def test_a_lockout_ends_after_a_quarter_of_an_hour_even_under_attack(member: User):
    failed(10, member.username)
    before = AccessAttempt.objects.get()
    assert attempt(member.username).status_code == 429
    after = AccessAttempt.objects.get()
    assert (after.failures_since_start, after.attempt_time) == (before.failures_since_start, before.attempt_time)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert attempt(member.username, PASSWORD).status_code == 302


def test_a_login_of_ones_own_gives_no_new_attempts_at_anothers(member: User):
    """Else nine guesses, a login, nine guesses … would never end."""
    attacker = make_member(make_company("Other"))
    failed(9, member.username)
    assert attempt(attacker.username, PASSWORD).status_code == 302
    assert attempt(member.username).status_code == 429


def test_a_forged_address_is_not_believed(member: User):
    failed(10, member.username)
    answer = Client().post(
        LOGIN,
        {"username": member.username, "password": PASSWORD},
        REMOTE_ADDR="203.0.113.7",
        headers={"X-Forwarded-For": "198.51.100.1"},
    )
    assert answer.status_code == 429


def test_the_log_gets_one_line_for_a_name_of_several(member: User, caplog: pytest.LogCaptureFixture):
    attempt("ann\nINFO all is well")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("axes")]
    assert any("ann\\nINFO" in line for line in lines)
    assert not any("\n" in line for line in lines)


def test_no_password_is_kept(member: User):
    attempt(member.username, "hunter2-hunter2")
    (row,) = AccessAttempt.objects.values()
    assert "hunter2" not in str(row)


def test_the_login_page_and_the_api_stay_open_during_a_lockout(member: User):
    failed(60, member.username)
    assert Client().get(LOGIN, REMOTE_ADDR="203.0.113.7").status_code == 200
    assert Client().get("/api/v1/calls/", REMOTE_ADDR="203.0.113.7").status_code == 401


def test_a_login_starts_a_new_session(member: User):
    """A session that somebody planted beforehand is not the one that gets the login."""
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    client.post(LOGIN, {"username": member.username, "password": PASSWORD, "next": reverse("admin:index")})
    assert client.cookies["sessionid"].value != planted
    fresh = Client()
    fresh.cookies["sessionid"] = planted
    assert fresh.get("/admin/").status_code == 302
