"""/.well-known/security.txt, for those who found something."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

PATH = "/.well-known/security.txt"


def test_it_names_the_operators_contact(settings: Any):
    settings.SECURITY_CONTACT, settings.PUBLIC_URL = "mailto:security@example.com", "https://hooks.example.com"
    answer = Client().get(PATH)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert lines["Contact"] == "mailto:security@example.com"
    assert lines["Canonical"] == "https://hooks.example.com" + PATH
    assert timedelta(days=1) < datetime.fromisoformat(lines["Expires"]) - timezone.now() < timedelta(days=366)


def test_without_one_there_is_none(settings: Any):
    settings.SECURITY_CONTACT = ""
    assert Client().get(PATH).status_code == 404
