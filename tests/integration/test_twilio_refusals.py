"""A refused callback is a row with its reason, bounded, without the secret, and can be accepted later."""

from __future__ import annotations

import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from callhooks_site.intake.providers import refusals, tasks
from callhooks_site.intake.providers.callback_urls import build_path
from callhooks_site.intake.providers.errors import CallbackRefused
from callhooks_site.intake.providers.models import IngestSource, ProviderCall, RefusedCallback
from calls.models import Call
from messaging.models import TextMessage
from subscriptions.maintenance import retention
from subscriptions.models import AuditEntry, Event
from tests.support import factories
from tests.support.admin import login
from tests.support.twilio import (
    ACCOUNT,
    CUSTOMER,
    TOKEN,
    TRACKING,
    call,
    leg,
    make_source,
    message,
    recording,
    send,
    send_json,
    sid,
)

pytestmark = pytest.mark.django_db
OTHER_TOKEN = "f" * 32
R = RefusedCallback.Reason


@pytest.fixture
def company():
    return factories.make_company(transcription_expected=False)


@pytest.fixture
def source(company):
    return make_source(company)


def only():
    return RefusedCallback.objects.get()


def test_a_bad_signature(source, caplog):
    factories.make_tracker(source.company, phone_number=TRACKING)
    answer = send(source, "voice", call(sid(), "ringing"), token=OTHER_TOKEN)
    assert answer.status_code == 403
    row = only()
    assert (row.reason, row.state) == (R.SIGNATURE, "open")
    assert not Call.objects.exists()
    assert not ProviderCall.objects.exists()
    everything = " ".join(str(value) for value in RefusedCallback.objects.values_list()[0]) + answer.content.decode()
    assert TOKEN not in everything + caplog.text
    with pytest.raises(CallbackRefused):
        refusals.accept(row)
    assert not Call.objects.exists(), "a replay verifies anew"
    source.auth_token = OTHER_TOKEN
    source.save()
    assert refusals.accept(row) == 1
    assert Call.objects.count() == 1
    assert only().state == "taken_in"


def test_no_signature_and_no_such_source(source):
    path = build_path(source, "voice")
    assert Client().post(path, {"CallSid": "CA1"}).status_code == 403
    assert only().reason == R.SIGNATURE
    assert Client().post(path.replace(source.public_key, "a" * 32)).status_code == 404
    assert Client().put(path).status_code == 405


def test_the_host_header_plays_no_part(source, settings):
    settings.ALLOWED_HOSTS = ["*"]
    factories.make_tracker(source.company, phone_number=TRACKING)
    assert send(source, "voice", call(sid(), "ringing"), Host="evil.example.com").status_code == 204
    assert Call.objects.count() == 1


def test_another_account(source):
    assert send(source, "voice", {**call(sid(), "ringing"), "AccountSid": "AC" + "9" * 32}).status_code == 403
    assert only().reason == R.ACCOUNT
    assert ACCOUNT in only().detail


def test_an_unknown_number_and_all_of_the_call_taken_in_together(source):
    one, other = sid(), sid()
    for place, fields in [
        ("incoming", call(one, "ringing")),
        ("voice", call(one, "completed", CallDuration=9)),
    ]:
        assert send(source, place, fields).status_code in (200, 204), "the caller must not hear of it"
    send(source, "voice", leg(one, other, "in-progress"))
    send(source, "recording", recording(one))
    assert set(RefusedCallback.objects.values_list("reason", flat=True)) == {R.NUMBER}
    assert "Add it first" in RefusedCallback.objects.first().detail
    factories.make_tracker(source.company, phone_number=TRACKING)
    assert refusals.accept(RefusedCallback.objects.first()) == 2
    assert set(RefusedCallback.objects.values_list("state", flat=True)) == {"taken_in"}
    found = Call.objects.get()
    assert found.answered
    told = Event.objects.filter(subject_id=found.resource_id).values_list("type", flat=True)
    assert list(told) == ["post_call"], "a call that is over does not ring"


def test_paused(source, company):
    factories.make_tracker(company, phone_number=TRACKING)
    IngestSource.objects.update(state="paused")
    assert send(source, "message", message(sid("SM"))).content.endswith(b"<Response></Response>")
    assert only().reason == R.PAUSED
    with pytest.raises(CallbackRefused):
        refusals.accept(only())
    IngestSource.objects.update(state="active")
    received = only().received_at
    assert refusals.accept(only()) == 1
    assert TextMessage.objects.get().sent_at == received


@pytest.mark.parametrize(
    "fields",
    [
        {"AccountSid": ACCOUNT},
        call("CA1", "asleep"),
        {"AccountSid": ACCOUNT, "CallSid": "CA1"},
        message("SM1", SmsStatus="lost"),
        message("SM1", Body=""),
        message("SM1", From="+1214555"),
        {**message("SM1"), **{f"x{number}": "" for number in range(500)}},
    ],
)
def test_what_is_not_understood(source, fields):
    factories.make_tracker(source.company, phone_number=TRACKING)
    send(source, "voice", fields)
    assert only().reason == R.MALFORMED
    assert only().detail


def test_bytes_that_are_no_text(source):
    for body in (b"CallSid=%FF%FE&AccountSid=" + ACCOUNT.encode(), b"\x00\xff", b"CallSid=CA%00"):
        Client().post(build_path(source, "voice"), body, content_type="application/x-www-form-urlencoded",
                      headers={"X-Twilio-Signature": "x"})  # fmt: skip
    send_json(source, "voice", b'{"CallSid": "CA\\ud800", "\\udfff": "\\ud800"}', hashed=b"another")
    assert RefusedCallback.objects.count() == 4
    client = login(factories.make_member(source.company))
    for row in RefusedCallback.objects.all():
        assert client.get(f"/admin/providers/refusedcallback/{row.pk}/change/").status_code == 200


def test_json_with_its_hash(source):
    factories.make_tracker(source.company, phone_number=TRACKING)
    body = json.dumps(call(sid(), "ringing")).encode()
    assert send_json(source, "voice", body, hashed=b"another").status_code == 403
    assert send_json(source, "voice", body).status_code == 204
    assert Call.objects.count() == 1


def test_too_large_is_told_and_not_kept(source):
    answer = send(source, "voice", call(sid(), "ringing", Extra="x" * refusals.MOST_BODY))
    assert answer.status_code == 413
    assert only().reason == R.TOO_LARGE
    assert bytes(only().body) == b""


def test_the_same_again_is_counted_and_too_many_are_not_kept(source):
    one = call(sid(), "ringing")
    for _ in range(3):
        send(source, "voice", one, token=OTHER_TOKEN)
    assert only().times == 3
    with patch.object(refusals, "MOST_UNPROVEN_A_MINUTE", 2):
        statuses = [send(source, "voice", call(sid(), "ringing"), token=OTHER_TOKEN).status_code for _ in range(3)]
    assert statuses == [403, 429, 429]
    assert RefusedCallback.objects.count() == 2
    source.refresh_from_db()
    assert (source.refused, source.unlisted) == (6, 2)
    factories.make_tracker(source.company, phone_number=TRACKING)
    assert send(source, "voice", one).status_code == 204, "what is genuine is not held up by what is not"


def test_parts_of_a_call_that_never_came_whole(source, settings):
    one = sid()
    send(source, "recording", recording(one))
    tasks.finish_incomplete_calls()
    assert not RefusedCallback.objects.exists()
    ProviderCall.objects.update(heard_at=timezone.now() - timedelta(seconds=settings.CALL_SILENT_SECONDS + 1))
    tasks.finish_incomplete_calls()
    tasks.finish_incomplete_calls()
    row = only()
    assert (row.reason, row.subject_sid, row.times) == (R.NO_CALL, one, 1)
    with pytest.raises(CallbackRefused):
        refusals.accept(row)
    factories.make_tracker(source.company, phone_number=TRACKING)
    send(source, "voice", call(one, "completed", CallDuration=5))
    refusals.accept(row)
    assert only().state == "taken_in"
    assert Call.objects.get().recording_url


def test_what_is_old_goes(source, settings):
    send(source, "voice", call(sid(), "ringing"))
    factories.make_tracker(source.company, phone_number=TRACKING)
    send(source, "voice", call(sid(), "ringing"))
    long_ago = timezone.now() - timedelta(days=settings.RETAIN_FAILED_DAYS + 1)
    RefusedCallback.objects.update(received_at=long_ago)
    ProviderCall.objects.update(heard_at=long_ago)
    retention.delete_expired()
    assert not RefusedCallback.objects.exists()
    assert not ProviderCall.objects.exists()
    assert Call.objects.count() == 1


# --- the admin ----------------------------------------------------------------------------------------------------
def test_an_admin_makes_a_source_connects_it_and_changes_its_token(company):
    client = login(factories.make_member(company))
    fields = {"name": "Main", "provider": "twilio", "account_sid": "AC12", "auth_token": TOKEN}
    assert "32 digits" in client.post("/admin/providers/ingestsource/add/", fields).content.decode()
    answer = client.post("/admin/providers/ingestsource/add/", {**fields, "account_sid": ACCOUNT}, follow=True)
    source = IngestSource.objects.get()
    page = answer.content.decode()
    assert f"/in/{source.public_key}/voice" in page
    assert "statusCallbackEvent" in page
    assert TOKEN not in page
    base = f"/admin/providers/ingestsource/{source.pk}"
    assert TOKEN not in client.get(f"{base}/change/").content.decode()
    client.post(f"{base}/change_token/", {"auth_token": OTHER_TOKEN})
    factories.make_tracker(company, phone_number=TRACKING)
    for token in (TOKEN, OTHER_TOKEN):
        assert send(source, "voice", call(sid(), "ringing"), token=token).status_code == 204
    IngestSource.objects.update(previous_until=timezone.now())
    assert send(source, "voice", call(sid(), "ringing")).status_code == 403
    client.post(f"{base}/pause/")
    client.post(f"{base}/resume/")
    acts = AuditEntry.objects.filter(object_type="phone system").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["Created a phone system", "Changed the auth token", "Paused", "Resumed"]
    assert not AuditEntry.objects.filter(detail__contains=TOKEN).exists()


def test_an_admin_sees_a_refusal_mends_the_setting_and_takes_it_in(source, company):
    send(source, "voice", call(sid(), "ringing", CallerName="<script>alert(1)</script>"))
    client = login(factories.make_member(company))
    assert "Unknown number" in client.get("/admin/providers/refusedcallback/").content.decode()
    page = client.get(f"/admin/providers/refusedcallback/{only().pk}/change/").content.decode()
    assert CUSTOMER in page
    assert "Add the number under Tracking numbers" in page
    assert "<script>alert" not in page
    data = {"action": "take_in_selected", "_selected_action": [only().pk]}
    assert "Add it first" in client.post("/admin/providers/refusedcallback/", data, follow=True).content.decode()
    factories.make_tracker(company, phone_number=TRACKING)
    told = client.post(f"/admin/providers/refusedcallback/{only().pk}/take_in/", follow=True).content.decode()
    assert "Accepted." in told
    assert Call.objects.count() == 1
    told = client.get(f"/admin/providers/providercall/{ProviderCall.objects.get().pk}/change/").content.decode()
    assert "may use this number (TN-Validation-Passed-A)" in told
    assert "<script>alert" not in told
    assert AuditEntry.objects.filter(act="Accepted a refused callback").count() == 1
    viewer = login(factories.make_member(company, "viewer"))
    assert viewer.post(f"/admin/providers/refusedcallback/{only().pk}/dismiss/").status_code == 403
