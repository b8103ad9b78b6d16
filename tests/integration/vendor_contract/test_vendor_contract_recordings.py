"""Contract 5.7 and 5.8: recordings and page views of a call."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.support.contract_client import check_envelope
from tests.support.factories import ended_call, make_call, make_tracker


def opened(url):
    """The status for somebody who has the URL and nothing else."""
    parts = urlsplit(url)
    return Client().get(f"{parts.path}?{parts.query}", HTTP_HOST="localhost").status_code


@pytest.fixture
def call(company):
    return ended_call(company, make_tracker(company))


def test_a_recording_has_a_url_with_its_own_key(client, call):
    body = client.get(f"calls/{call.resource_id}/recording")
    assert list(body) == ["url"]
    assert "/recording/redirect?access_key=" in body["url"]
    assert opened(body["url"]) in (200, 302)


def test_what_a_call_says_of_its_recording(client, call):
    found = client.get(f"calls/{call.resource_id}")
    assert client.get(found["recording"].partition("localhost")[2]) == client.get(f"calls/{call.resource_id}/recording")
    assert opened(found["recording_player"]) == 200


def test_a_call_without_recording(client, company):
    call = make_call(company)
    assert client.get(f"calls/{call.resource_id}/recording", 404)


def test_page_views(client, call):
    for params in ({}, {"per_page": 1, "time_zone": "UTC"}, {"page": 3}):
        assert check_envelope("page_views", client.get(f"calls/{call.resource_id}/page_views", **params)) == []


def test_transcription_is_asked_of_the_call(client, call):
    assert client.get(f"calls/{call.resource_id}/transcription", 404)
