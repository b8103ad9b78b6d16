"""The recording on a call's page: its waveform is that of the sound, it plays by keyboard, and without script too."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from calls.models import Call
from tests.browser.visiting import visit_as
from tests.support import factories
from tests.support.demo_receiver import running_receiver
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECONDS = 2
HEIGHTS = "[...document.querySelectorAll('.wave rect')].map(bar => bar.getAttribute('height'))"


@pytest.fixture
def call(tmp_path: Path, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    company = factories.make_company()
    factories.make_member(company, username="ann@example.com")
    with running_receiver(tmp_path) as receiver:
        yield factories.ended_call(
            company, recording_url=f"http://127.0.0.1:{receiver.port}/recordings/talk-{SECONDS}.wav",
            recording_duration=SECONDS,
            agent_email="sam@example.com", customer_name="Ann Example",
            conversational_transcript=[
                {"speaker": "Agent", "phrase": "Hello.", "start": 0},
                {"speaker": "Customer", "phrase": "My roof leaks.", "start": 1},
            ],
        )  # fmt: skip


def address(live_server, call: Call) -> str:
    return live_server.url + reverse("admin:calls_call_change", args=[call.pk])


def test_the_waveform_is_drawn_from_the_recording_and_the_keyboard_plays_it(page: Page, live_server, call: Call):
    visit_as(page, live_server, call.company.memberships.get().user)
    page.goto(address(live_server, call))
    wait_until(lambda: len(set(page.evaluate(HEIGHTS))) > 10)
    assert page.locator(".wave rect.agent").count() == 75

    slider = page.get_by_label("Position in the recording")
    expect(slider).to_have_attribute("aria-valuetext", "0:00 of 0:02")
    page.get_by_role("button", name="Play", exact=True).press("Enter")
    wait_until(lambda: page.evaluate("document.querySelector('audio').ended"))
    expect(slider).to_have_attribute("aria-valuetext", "0:02 of 0:02")

    page.get_by_role("button", name="Play from 0:01").press("Enter")
    wait_until(lambda: page.evaluate("document.querySelector('audio').currentTime >= 1"))


def test_without_script_the_browsers_own_player_is_there(browser: Browser, live_server, call: Call):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        visit_as(page, live_server, call.company.memberships.get().user)
        page.goto(address(live_server, call))
        expect(page.locator("audio")).to_be_visible()
        expect(page.get_by_role("button", name="Play")).to_have_count(0)
        expect(page.get_by_text("My roof leaks.")).to_be_visible()
