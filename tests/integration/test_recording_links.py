"""The links to recordings and media in webhooks: to where they lie, or through this service."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from callhooks_site.intake.providers import recording_login
from callhooks_site.intake.providers.models import IngestSource
from messaging import media
from subscriptions.delivery import remote_files
from subscriptions.lib.process_slots import ProcessSlots
from tests.support.factories import ended_call, make_company, make_text
from tests.support.http_servers import FileServer

pytestmark = pytest.mark.django_db
SID, TOKEN = f"AC{'0' * 32}", "the-auth-token"
SOUND = bytes(range(256)) * 20


@pytest.fixture
def provider(monkeypatch, settings) -> Iterator[FileServer]:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(recording_login, "SERVER", re.compile(r"http://127\.0\.0\.1:\d+/"))
    monkeypatch.setattr(remote_files, "PIECE", 1000)
    monkeypatch.setattr(remote_files, "SLOTS", ProcessSlots(3, 2))  # tests need not read an answer to its end
    server = FileServer(SOUND, "audio/mpeg", login=f"{SID}:{TOKEN}")
    with server.running():
        yield server


@pytest.fixture
def call(provider):
    company = make_company()
    IngestSource.objects.create(company=company, name="Twilio", account_sid=SID, auth_token=TOKEN)
    return ended_call(company, recording_url=recording_at(provider))


def recording_at(provider: FileServer) -> str:
    return f"{provider.address}/2010-04-01/Accounts/{SID}/Recordings/RE1.mp3"


def link(call, key: str | None = None) -> str:
    return (
        f"/calls/{call.resource_id}/recording/redirect?access_key={call.recording_access_key if key is None else key}"
    )


def content(answer) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_guarded_recording_comes_through_us_in_pieces(client, provider, call, ranges):
    provider.ranges = ranges
    answer = client.get(link(call))
    assert (answer.status_code, content(answer)) == (200, SOUND)
    assert (answer["Content-Type"], answer["Content-Length"]) == ("audio/mpeg", str(len(SOUND)))
    assert answer["Cache-Control"] == "no-store"
    assert len(provider.asked) == (6 if ranges else 1)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("asked", "start", "end"), [("bytes=10-19", 10, 19), ("bytes=4000-", 4000, 5119), ("bytes=-20", 5100, 5119)]
)
def test_a_player_may_jump(client, provider, call, ranges, asked, start, end):
    provider.ranges = ranges
    answer = client.get(link(call), headers={"Range": asked})
    assert (answer.status_code, content(answer)) == (206, SOUND[start : end + 1])
    assert answer["Content-Range"] == f"bytes {start}-{end}/5120"


@pytest.mark.parametrize("ranges", [True, False])
def test_behind_the_end_is_nothing(client, provider, call, ranges):
    provider.ranges = ranges
    answer = client.get(link(call), headers={"Range": "bytes=9000-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */5120")


def test_a_redirect_is_followed_and_the_login_stays_with_its_server(client, provider, call):
    provider.elsewhere = "/elsewhere"
    assert content(client.get(link(call))) == SOUND
    assert {login for _, login, _ in provider.asked} == {f"{SID}:{TOKEN}"}
    provider.asked.clear()
    provider.login = ""
    provider.elsewhere = f"{provider.address.replace('127.0.0.1', 'localhost')}/elsewhere"
    assert content(client.get(link(call))) == SOUND
    assert {login for path, login, _ in provider.asked if path == "/elsewhere"} == {""}


def test_what_the_provider_refuses_is_said(client, provider, call):
    provider.status = 404
    answer = client.get(link(call))
    assert answer.status_code == 502
    assert b"The server answered 404." in answer.content


def test_more_than_the_cap_is_not_given(client, provider, call, monkeypatch):
    provider.ranges = False
    monkeypatch.setattr(remote_files, "WHOLE", 1000)
    assert client.get(link(call)).status_code == 502


def test_nothing_that_runs_in_a_browser_is_shown(client, provider, call):
    provider.kind = "text/html"
    answer = client.get(link(call))
    assert (answer["Content-Type"], answer["Content-Disposition"]) == ("application/octet-stream", "attachment")


def test_a_wrong_key_reaches_nobody(client, provider, call):
    assert client.get(link(call, "0" * 32)).status_code == 404
    assert provider.asked == []


def test_another_company_s_account_opens_nothing(client, provider, call):
    other = ended_call(make_company("Another"), recording_url=recording_at(provider))
    answer = client.get(link(other))
    assert (answer.status_code, answer["Location"]) == (302, recording_at(provider))
    assert provider.asked == []


def test_the_login_goes_to_the_provider_s_servers_only(client, provider, call, monkeypatch):
    monkeypatch.undo()
    for url in (f"http://api.twilio.com/Accounts/{SID}/", f"https://twilio.com.example.com/Accounts/{SID}/"):
        call.recording_url = url
        assert recording_login.find_login(call) is None
    call.recording_url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Recordings/RE1.mp3"
    assert recording_login.find_login(call) == (SID, TOKEN)


def test_the_player_plays_our_own_link(client, call):
    page = client.get(f"/calls/{call.resource_id}/recording?access_key={call.recording_access_key}")
    assert f"/calls/{call.resource_id}/recording/redirect?access_key=".encode() in page.content
    assert b"twilio" not in page.content
    assert b"Accounts" not in page.content
    assert "media-src 'self'" in page["Content-Security-Policy"]


def test_media_by_http_come_through_us(client, provider):
    provider.login, provider.kind = "", "image/png"
    text = make_text(make_company(), media_urls=["https://example.com/1.jpg", recording_at(provider)])
    url = media.public_urls(text)[1]
    answer = client.get(url[url.index("/texts/") :])
    assert (answer.status_code, answer["Content-Type"], content(answer)) == (200, "image/png", SOUND)
    assert client.get(f"/texts/{text.resource_id}/media/1?access_key={'0' * 32}").status_code == 404
    assert client.get(f"/texts/{text.resource_id}/media/7?{url.partition('?')[2]}").status_code == 404


def test_a_private_address_is_not_fetched(client, provider, call, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    assert client.get(link(call)).status_code == 502
    assert provider.asked == []


def test_what_a_page_can_do_without_never_takes_the_last_slot():
    from subscriptions.lib.process_slots import ProcessSlots

    slots = ProcessSlots(together=3, of_one_company=2)
    assert slots.take(1, leave=1)
    assert not slots.take(1, leave=1), "the company's last"
    assert slots.take(1)
    assert not slots.take(2, leave=1), "the last of all"
    assert slots.take(2)
