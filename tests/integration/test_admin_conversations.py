"""A conversation's page shows its texts as they were written to and fro."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging import conversation
from messaging.models import Thread
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def text(company, content: str, minutes_ago: int, **fields):
    tracker = company.trackers.first() or factories.make_tracker(company)
    at = timezone.now() - timedelta(minutes=minutes_ago)
    said = {"customer_phone_number": "+12145550123", "content": content, "sent_at": at, **fields}
    return factories.make_text(company, tracker, **said)


def page(client) -> str:
    return client.get(reverse("admin:messaging_thread_change", args=[Thread.objects.get().pk])).content.decode()


def test_texts_stand_in_their_order_each_on_its_side_and_lead_to_their_pages(client, company):
    late = text(company, "Yes, at nine.", 1, direction="outbound")
    early = text(company, "Are you open\ntomorrow?", 5, direction="inbound")
    shown = page(client)
    sides = re.findall(r'<li class="(\w+)"><div class="bubble prose">([^<]*)', shown)
    assert sides == [("inbound", "Are you open\ntomorrow?"), ("outbound", "Yes, at nine.")]
    for one in (late, early):
        assert reverse("admin:messaging_textmessage_change", args=[one.pk]) in shown
    assert "All texts with this number" not in shown


def test_what_a_customer_wrote_is_text_and_nothing_else(client, company):
    text(
        company,
        "<script>alert(1)</script>",
        1,
        direction="inbound",
        media_urls=['https://example.com/"><b>.png', "javascript:alert(2)"],
    )
    shown = page(client)
    assert 'href="javascript' not in shown
    assert "javascript:alert(2)" in shown
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert '"><b>' not in shown


def test_a_long_one_shows_the_newest_and_leads_to_all(client, company, monkeypatch):
    monkeypatch.setattr(conversation, "SHOWN", 2)
    for number in range(3):
        text(company, f"Text {number}", 9 - number, direction="inbound")
    shown = page(client)
    assert "Text 0" not in shown
    assert re.search("Text 1.*Text 2", shown, re.DOTALL)
    assert "?q=%2B12145550123" in shown
