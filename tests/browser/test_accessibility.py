"""Pages of `./dev screenshots --all`, for those who cannot see them well, by axe: nothing serious, by day, by night,
wide and on a phone. The company is that of `./dev demo --month`, with fewer calls.

All kinds of pages take minutes of two cores: `./dev accessibility` opens them (ACCESSIBILITY=all). `./dev test --long`
opens some, `./dev test` three.
"""

from __future__ import annotations

import json
import os

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page

from callhooks_site.devtools.month.fill import fill_month
from subscriptions.models import EndpointHealth, EndpointIssue
from tests.browser.axe import find_serious
from tests.browser.visiting import visit_as
from tests.tools import screenshots
from tests.tools.screenshots import PHONE, WIDE, Shown

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EVERY_KIND = os.environ.get("ACCESSIBILITY") == "all"
SIZE = 300 if EVERY_KIND else 100  # calls, texts and forms: each list has some, those of today too
WIDTHS = {name: {"width": width, "height": height} for name, (width, height) in {"wide": WIDE, "phone": PHONE}.items()}

# A phone shows some parts only, in other places, and lets some scroll. By night: by day the colours are those of wide.
ON_A_PHONE = ("color-contrast", "scrollable-region-focusable", "target-size")
# Of the same templates as another page of the list, with other rows in them: each costs seconds.
LIKE_ANOTHER = frozenset(
    "activity-filtered activity-empty delivery-empty delivery-subscription-chip call-missed calls texts forms people "
    "conversations events subscriptions tracking-numbers web-forms resend-jobs members invitations api-keys "
    "refused-forms refused-callbacks phone-systems tag-delete report-of-a-source tracking-number-add web-form-add "
    "phone-system-add text form web-form tracking-number deliveries feed-consumers".split()
)
# Of the short form: what most people see, with the parts that the other pages are made of. All of it by day; of some it
# is known that their colours or places change.
BY_DAY = frozenset("login home-first-day reports alert-add issue subscription-add api-reference-calls service".split())
ALL_WAYS = frozenset(["home", "activity", "subscription", "delivery", "call", screenshots.MENU])
# The others of the short form are long: each page costs a second of axe.
FEW = frozenset(["home", "call", screenshots.MENU])


@pytest.fixture
def users(tmp_path, monkeypatch) -> dict[str, User]:
    monkeypatch.setenv("CALLHOOKS_VAR", str(tmp_path))
    demo = json.loads(fill_month(lambda _: None, size=SIZE).read_text())
    failing = EndpointHealth.objects.get(failing_since__isnull=False)
    EndpointIssue.objects.create(
        company=failing.subscription.company, subscription=failing.subscription, opened_at=failing.failing_since,
        answer="Login required (401)",
    )  # fmt: skip
    return {name: User.objects.get(username=demo[name]) for name in ("month_user", "month_newcomer", "operator")}


def is_opened(name: str, few: bool) -> bool:
    if EVERY_KIND:
        return name not in LIKE_ANOTHER
    return name in (FEW if few else BY_DAY | ALL_WAYS)


def find_everywhere(page: Page, admin: str, pages: tuple[Shown, ...], *, few: bool) -> list[str]:
    """All rules wide by day; by night and on a phone those whose outcome can be another one there."""
    found: list[str] = []
    for name, path, clicks in pages:
        if not is_opened(name, few):
            continue
        is_menu = name == screenshots.MENU  # on a phone only
        page.set_viewport_size(WIDTHS["phone" if is_menu else "wide"])
        page.emulate_media(color_scheme="light")
        screenshots.open_page(page, f"{admin}{path}", clicks)
        found += find_serious(page)
        if not EVERY_KIND and name not in ALL_WAYS:
            continue
        page.emulate_media(color_scheme="dark")
        found += find_serious(page, "color-contrast")
        if not is_menu:
            page.set_viewport_size(WIDTHS["phone"])
            found += find_serious(page, *ON_A_PHONE)
    return found


def test_the_short_form_names_pages_that_there_are():
    pages = [*screenshots.PAGES, *screenshots.FIRST_DAY, *screenshots.FOR_ANYBODY, *screenshots.FOR_OPERATORS]
    assert {name for name, _, _ in pages} >= BY_DAY | ALL_WAYS | LIKE_ANOTHER


@pytest.mark.parametrize(
    "few", [pytest.param(True, id="few"), pytest.param(False, id="more", marks=pytest.mark.long)][EVERY_KIND:]
)
def test_nothing_serious_is_found(page_for_axe: Page, live_server, users, few: bool):
    page, admin = page_for_axe, live_server.url + reverse("admin:index")
    found = find_everywhere(page, admin, screenshots.FOR_ANYBODY, few=few)
    for who, pages in (
        ("month_newcomer", screenshots.FIRST_DAY),
        ("operator", screenshots.FOR_OPERATORS),
        ("month_user", screenshots.PAGES),
    ):
        visit_as(page, live_server, users[who])
        found += find_everywhere(page, admin, pages, few=few)
    assert found == [], "\n".join(found)
