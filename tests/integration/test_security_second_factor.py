"""Two-step login: turned on by whoever wants it, asked for at each of their logins, and lost by no accident."""

from __future__ import annotations

import base64
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from callhooks_site.security.models import RecoveryCodes, SecondFactor
from tests.support.factories import PASSWORD, make_company, make_member

pytestmark = pytest.mark.django_db
LOGIN, PAGE = "/admin/login/", "/admin/two-step-login/"


@pytest.fixture
def member() -> User:
    return make_member(make_company())


def code_of(user: User, *, steps: int = 0) -> str:
    """What the app shows, or showed `steps` half minutes ago."""
    key = base64.b32decode(SecondFactor.objects.get(user=user).key)
    return f"{totp(key, drift=-steps):06}"


def next_half_minute(user: User) -> None:
    """As if the app showed a new code, and no failure had to be waited for."""
    SecondFactor.objects.filter(user=user).update(last_step=-1, throttling_failure_count=0)


def log_in(user: User, code: str = "", client: Client | None = None) -> Any:
    fields = {"username": user.username, "password": PASSWORD, "code": code, "next": "/admin/"}
    return (client or Client()).post(LOGIN, fields)


def turn_on(user: User) -> tuple[Client, list[str]]:
    """The browser it was done in, and the recovery codes."""
    client = Client()
    log_in(user, client=client)
    client.post(PAGE, {"do": "begin"})
    answer = client.post(PAGE, {"do": "confirm", "code": code_of(user), "password": PASSWORD})
    codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", answer.content.decode())
    assert len(codes) == 10
    next_half_minute(user)
    return client, codes


def test_without_it_a_password_is_enough(member: User):
    assert log_in(member).status_code == 302


def test_with_it_a_password_alone_opens_nothing(member: User):
    turn_on(member)
    client = Client()
    answer = log_in(member, client=client)
    assert answer.status_code == 200
    assert "Also enter the code from your app" in answer.content.decode()
    assert client.get("/admin/").status_code == 302
    assert log_in(member, code_of(member), client).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_code_is_good_once_and_for_its_time(member: User):
    turn_on(member)
    old = code_of(member, steps=10)
    assert log_in(member, old).status_code == 200
    next_half_minute(member)
    code = code_of(member)
    assert log_in(member, code).status_code == 302
    assert log_in(member, code).status_code == 200


def test_a_code_of_somebody_elses_app_is_not_good(member: User):
    other = make_member(make_company("Other"))
    turn_on(member)
    turn_on(other)
    assert log_in(member, code_of(other)).status_code == 200


def test_a_right_code_does_not_help_a_wrong_password(member: User):
    turn_on(member)
    answer = Client().post(LOGIN, {"username": member.username, "password": "wrong", "code": code_of(member)})
    assert answer.status_code == 200
    assert log_in(member, code_of(member)).status_code == 302  # and it was not used up


def test_guessing_codes_takes_longer_and_longer(member: User):
    turn_on(member)
    for _ in range(3):
        log_in(member, "000000")
    assert SecondFactor.objects.get().throttling_failure_count == 1  # those too early are not even looked at
    assert log_in(member, code_of(member)).status_code == 200
    SecondFactor.objects.update(
        throttling_failure_count=10, throttling_failure_timestamp=timezone.now() - timedelta(minutes=8)
    )
    assert log_in(member, code_of(member)).status_code == 200
    SecondFactor.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=9))
    assert log_in(member, code_of(member)).status_code == 302
    assert SecondFactor.objects.get().throttling_failure_count == 0


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("code", ["12345", "1234567", "١٢٣٤٥٦", "abcdef", "-12345", " ", "\x00", "9" * 41])
def test_what_is_no_code_is_refused(member: User, code: str):
    turn_on(member)
    assert log_in(member, code).status_code == 200


def test_a_recovery_code_is_good_once_however_it_is_typed(member: User):
    _, codes = turn_on(member)
    assert log_in(member, codes[0].lower().replace("-", " ")).status_code == 302
    RecoveryCodes.objects.update(throttling_failure_count=0)
    assert log_in(member, codes[0]).status_code == 200
    RecoveryCodes.objects.update(throttling_failure_count=0)
    assert log_in(member, codes[1]).status_code == 302
    assert len(RecoveryCodes.objects.get().hashes) == 8


def test_a_session_from_before_is_asked_for_the_code(member: User):
    """Perhaps it is the thief's."""
    elsewhere = Client()
    log_in(member, client=elsewhere)
    here, _ = turn_on(member)
    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert elsewhere.post(PAGE, {"do": "remove", "code": "000000"}).status_code == 302
    assert SecondFactor.objects.get().confirmed


def test_it_is_not_on_before_a_first_code_and_the_password(member: User):
    client = Client()
    log_in(member, client=client)
    client.post(PAGE, {"do": "begin"})
    shown = client.get(PAGE).content.decode()
    assert SecondFactor.objects.get().key[:4] in shown
    assert log_in(member).status_code == 302
    wrong = client.post(PAGE, {"do": "confirm", "code": code_of(member), "password": "wrong"})
    assert "not your password" in wrong.content.decode()
    wrong = client.post(PAGE, {"do": "confirm", "code": "000000", "password": PASSWORD})
    assert "This code is wrong" in wrong.content.decode()
    assert not SecondFactor.objects.get().confirmed


def test_once_on_neither_key_nor_codes_are_shown_again(member: User):
    client, codes = turn_on(member)
    key = SecondFactor.objects.get().key
    client.post(PAGE, {"do": "begin"})
    assert SecondFactor.objects.get().key == key
    shown = client.get(PAGE).content.decode()
    assert key[:4] not in shown
    assert codes[0] not in shown


def test_turning_it_off_takes_a_code(member: User):
    client, codes = turn_on(member)
    assert "This code is wrong" in client.post(PAGE, {"do": "remove", "code": ""}).content.decode()
    assert client.post(PAGE, {"do": "remove", "code": codes[0]}).status_code == 302
    assert not SecondFactor.objects.exists()
    assert not RecoveryCodes.objects.exists()
    assert client.get("/admin/").status_code == 200
    assert log_in(member).status_code == 302


def test_new_recovery_codes_end_the_old_ones(member: User):
    client, codes = turn_on(member)
    shown = client.post(PAGE, {"do": "codes", "code": code_of(member)}).content.decode()
    assert shown.count("<li><code>") == 10
    assert log_in(member, codes[0]).status_code == 200


def test_the_key_is_stored_encrypted_and_the_codes_hashed(member: User):
    _, codes = turn_on(member)
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text, r::text FROM security_secondfactor s, security_recoverycodes r")
        kept = " ".join(cursor.fetchone())
    assert SecondFactor.objects.get().key not in kept
    assert codes[0] not in kept
    assert codes[0].replace("-", "") not in kept


def test_the_history_says_so(member: User):
    client, codes = turn_on(member)
    client.post(PAGE, {"do": "remove", "code": codes[0]})
    told = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert told == ["Turned two-step login on.", "Turned two-step login off."]


def test_an_operator_can_turn_it_off(member: User):
    turn_on(member)
    out = io.StringIO()
    call_command("remove_second_factor", member.username, stdout=out)
    assert "is off" in out.getvalue()
    assert log_in(member).status_code == 302


def test_strangers_do_not_reach_the_page():
    assert Client().get(PAGE).status_code == 302
    assert Client().post(PAGE, {"do": "begin"}).status_code == 302
