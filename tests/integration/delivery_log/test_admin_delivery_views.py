"""The tabs of the log: what waits, failed or is held, counted in the company that is shown."""

from __future__ import annotations

import re

import pytest

from tests.integration.delivery_log.support import LIST, put
from tests.support import factories

pytestmark = pytest.mark.django_db


def tabs(client, asked: str = "") -> dict[str, str]:
    page = client.get(f"{LIST}{asked}").content.decode()
    views = page.split('<nav class="views"')[1].split("</nav>")[0]
    link = r'<a href="[^"]*"( aria-current="page")?>([^<]+?)(?: <span class="n[^>]*>([^<]*)</span>)?</a>'
    return {name: f"{number}{' now' if current else ''}" for current, name, number in re.findall(link, views)}


def test_they_count_what_needs_somebody(client, company, delivery):
    assert tabs(client) == {"Last 24 hours": " now", "Trying again": "1", "Failed": "0", "Held": "0"}
    put(delivery, state="failed", due_at=None)
    assert tabs(client, "?since=all&state=failed") == {
        "Last 24 hours": "", "Trying again": "0", "Failed": "1 now", "Held": "0",
    }  # fmt: skip


def test_those_of_others_are_not_counted(client, delivery):
    other = factories.make_company("Other")
    factories.make_subscription(other)
    factories.ended_call(other)
    assert tabs(client)["Trying again"] == "1"
