"""Positions in URLs are read strictly: what we would not have written is a 400 everywhere, and never a 500."""

from __future__ import annotations

import base64
import json

import pytest

from subscriptions.lib import opaque
from tests.support.admin import login
from tests.support.api import program
from tests.support.factories import make_company, make_member, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
TIME = "2026-01-01T00:00:00+00:00"


def coded(text: str | bytes) -> str:
    return base64.urlsafe_b64encode(text if isinstance(text, bytes) else text.encode()).decode().rstrip("=")


KINDS = [
    "Infinity", "-Infinity", "NaN", "1e400", "null", "true", "7", '"7"', "{}", "[]", "[[]]", "[null]", "[Infinity]",
    "[1e400]", "[-1]", '["Infinity"]', '["1e400"]', '["-1"]', '["9223372036854775808"]', '["007"]', '["\u0663"]',
    '["\\ud800"]', '["\\u0000"]', '["1", "2", "3"]', "[" * 900, '["' + "9" * 1400 + '"]',
    f'["{TIME}", Infinity]', f'["{TIME}", 1e400]', f'["{TIME}", [1]]', f'["{TIME}", {{"a": 1}}]', f'["{TIME}", null]',
    f'["{TIME}", 7.0]', f'["{TIME}", "1e3"]', f'["{TIME}", "9223372036854775808"]', f'["{TIME}", "-1"]',
    '[Infinity, "1"]', '[1e400, "1"]', '["0001-01-01T00:00:00+14:00", "1"]', '["9999-12-31T23:59:59-14:00", "1"]',
    '["2026-01-01T00:00:00", "1"]', '["", "1"]', '["now", "1"]',
]  # fmt: skip
RAW = ["%00", "%", "é", "=", "====", "A", "..", "x" * 3000, coded(b"\xff\xfe"), coded(b'["\xc3"]')]
GIVEN = [coded(kind) for kind in KINDS] + RAW
LISTS = [
    "calls", "trackers", "tags", "people", "texts", "forms", "subscriptions", "deliveries", "events",
    "resend-jobs", "keys",
]  # fmt: skip


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        made = make_company("Opaque")
        yield made
        made.delete()


@pytest.mark.sample(every=4)
@pytest.mark.parametrize("path", LISTS)
def test_a_cursor(company, path):
    api = program(company)
    for given in GIVEN:
        answer = api.get(f"/api/v1/{path}/", {"cursor": given})
        assert answer.status_code == 400, (given[:60], answer.status_code)
        assert answer.json()["errors"][0]["parameter"] == "cursor"


def test_a_place_in_the_feed_and_its_names(company):
    api = program(company)
    for given in GIVEN:
        answers = [
            api.get("/api/v1/feed/", {"after": given}),
            api.get("/api/v1/feed/", headers={"Accept": "text/event-stream", "Last-Event-ID": coded(given)}),
            api.post("/api/v1/feed-consumers/", {"name": "crm", "cursor": given}, format="json"),
        ]
        assert [answer.status_code for answer in answers] == [400, 400, 400], given[:60]
    for name in ("consumer", "subscription", "type"):
        for given in ("\x00", "crm\x00", "\u0663", "x" * 5000, "' OR 1=1", ""):
            assert api.get("/api/v1/feed/", {name: given}).status_code == 400, (name, given[:20])


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("path", ["calls.json", "trackers.json", "tags.json", "companies.json", "users.json"])
def test_a_position_of_api_v3(company, path):
    make_tracker(company)
    vendor = Vendor(company)
    for given in GIVEN:
        answer = vendor.send("get", path, callhooks_after=given)
        assert answer.status_code in (200, 400), (given[:60], answer.status_code)
    for name in ("page", "offset", "per_page"):
        for given in ("Infinity", "1e400", "[1]", "9" * 25, "-1", "\u0663", "", "NaN", "9" * 18, "--1"):
            answer = vendor.send("get", path, **{name: given, "relative_pagination": "true"})
            assert answer.status_code in (200, 400), (name, given, answer.status_code)


PAGES = ["subscriptions/delivery", "subscriptions/event", "calls/call", "subscriptions/auditentry"]


@pytest.mark.sample(every=4)
@pytest.mark.parametrize("page", PAGES)
def test_the_admins_position(company, page):
    client = login(make_member(company, "owner"))
    plain = ["Infinity", "1e400", "[]", "9" * 25, "9" * 5000, "-1", "\u0663", "0001-01-01T00:00:00+14:00"]
    # A position is read before a search or a filter looks at it: with them, one of each sort.
    sorts = [coded("[Infinity]"), coded(f'["{TIME}", 7.0]'), coded(f'["{TIME}", "1"]'), "%00", "9" * 25]
    asked = [({}, [*GIVEN, *plain]), ({"q": "x"}, sorts), ({"since": "all"}, sorts)]
    for extra, several in asked:
        for given in several:
            answer = client.get(f"/admin/{page}/", {"before": given, **extra})
            assert answer.status_code in (200, 302), (given[:60], answer.status_code)


def test_what_we_write_we_read():
    texts = [TIME, "7"]
    assert opaque.decode(opaque.encode(texts), 2) == texts
    assert json.loads(base64.urlsafe_b64decode(opaque.encode(texts) + "==")) == texts
