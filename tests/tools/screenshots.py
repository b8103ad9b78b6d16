"""`./dev screenshots`: pictures of the main pages for the docs, from what runs under `./dev run` after `./dev demo`.

Wide and by day for the docs; with `--all` also by night and as a phone shows them, for whoever changes the look.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from callhooks_site.devtools.receiver.config import PROJECT, var_folder
from tests.tools.browser import NotFound, launched

if TYPE_CHECKING:
    from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
DEMO = var_folder() / "demo.json"
IMAGES = PROJECT / "docs" / "images"
WIDE, PHONE = (1440, 900), (390, 844)  # a laptop's window; a phone of these years
MENU = "menu"  # it opens on a phone only; elsewhere it is always there
Shown = tuple[str, str, str]


def _rows_marked(*rows: int) -> str:
    return THEN.join(f"tr:nth-child({row}) .check input" for row in rows)


THEN = " >> "  # between the clicks of one page
# A name for the picture, the page, and what to click on it, one after the other, to get to what is meant.
PAGES: tuple[Shown, ...] = (
    ("home", "", ""),
    ("activity", "activity/", ""),
    ("activity-filtered", "activity/?since=7d&outcome=missed", ""),
    ("activity-marked", "activity/", _rows_marked(2, 4, 5)),
    ("subscriptions", "subscriptions/subscription/", ""),
    ("subscription", "subscriptions/subscription/", "#result_list tbody th a"),
    ("subscription-add", "subscriptions/subscription/add/", ""),
    ("verify", "subscriptions/subscription/", "#result_list tbody th a >> a[href$='/verify/']"),
    (
        "body-and-format",
        "subscriptions/subscription/",
        "#result_list tbody th a >> .more summary >> [href$='/shape/'] >> [name=_preview]",
    ),
    ("filter-tried", "subscriptions/subscription/", "#result_list tbody th a >> [name=_try]"),
    (
        "past-events",
        "subscriptions/subscription/",
        "#result_list tbody th a >> .more summary >> [href$='/past_events/'] >> [name=count]",
    ),
    ("issues", "subscriptions/endpointissue/", ""),
    ("issue", "subscriptions/endpointissue/", "#result_list tbody th a"),
    ("manifests", "subscriptions/subscription/", "#result_list tbody th a >> a[href$='/manifests/']"),
    ("feed-consumers", "subscriptions/feedconsumer/", ""),
    ("deliveries", "subscriptions/delivery/", ""),
    ("delivery", "subscriptions/delivery/", "#result_list tbody th a"),
    ("delivery-refused", "subscriptions/delivery/?since=all&state=pending", "#result_list tbody th a"),
    ("catalogue", "catalogue/", ""),
    ("event-type", "catalogue/call_modified/", ""),
    ("calls", "calls/call/", ""),
    ("call", "calls/call/?outcome=answered", "#result_list tbody th a"),
    ("call-add", "calls/call/add/", ""),
    ("texts", "messaging/textmessage/", ""),
    ("conversation", "messaging/thread/", "#result_list tbody th a"),
    ("forms", "forms_intake/formsubmission/", ""),
    ("people", "calls/person/", ""),
    ("reports", "reports/", ""),
    ("report-of-a-source", "reports/?period=30&source=google_ads", ""),
    ("report-filtered", "reports/?period=30&source=google_ads&which=first", ""),
    ("person", "calls/call/?outcome=answered", "#result_list tbody th a >> .facts dd a"),
    ("events", "subscriptions/event/", ""),
    ("event", "subscriptions/event/", "#result_list tbody th a"),
    ("sent-again", "subscriptions/resendjob/add/", ""),
    ("tracking-numbers", "calls/tracker/", ""),
    ("web-forms", "forms_intake/formsource/", ""),
    ("imports", "imports/importjob/", ""),
    ("import", "imports/importjob/add/", ""),
    ("company", "subscriptions/company/", ""),
    ("tags", "calls/tag/", ""),
    ("api-keys", "subscriptions/apikey/", ""),
    ("two-step-login", "two-step-login/", ""),
    ("your-settings", "your-settings/", ""),
    ("members", "subscriptions/membership/", ""),
    ("invite", "subscriptions/invitation/add/", ""),
    ("alerts", "subscriptions/alertdestination/", ""),
    ("alert-add", "subscriptions/alertdestination/add/", ""),
    ("alert", "subscriptions/alertdestination/", "#result_list tbody th a"),
    ("audit-log", "subscriptions/auditentry/", ""),
    ("guide", "guide/", ""),
    ("guide-found", "guide/?q=signature", ""),
    ("guide-page", "guide/troubleshooting/", ""),
    ("api-reference", "../api/v1/docs/", ""),
    ("api-reference-calls", "../api/v1/docs/calls/", ""),
    ("activity-chip", "activity/", ".chip:has-text('Outcome') summary"),
    ("activity-empty", "activity/?q=nobody+of+this+name", ""),
    ("save-view", "activity/?outcome=missed", ".views a[href*=savedview]"),
    ("deliveries-marked", "subscriptions/delivery/", _rows_marked(2, 4, 5)),
    ("delivery-subscription-chip", "subscriptions/delivery/", "summary:has-text('Subscription')"),
    ("delivery-empty", "subscriptions/delivery/?q=214-555-0000&since=all", ""),
    ("call-missed", "calls/call/?outcome=missed", "#result_list tbody th a"),
    ("text", "messaging/textmessage/", "#result_list tbody th a"),
    ("form", "forms_intake/formsubmission/", "#result_list tbody th a"),
    ("conversations", "messaging/thread/", ""),
    ("resend-jobs", "subscriptions/resendjob/", ""),
    ("tracking-number", "calls/tracker/", "#result_list tbody th a"),
    ("tracking-number-add", "calls/tracker/add/", ""),
    ("web-form-add", "forms_intake/formsource/add/", ""),
    ("web-form", "forms_intake/formsource/", "#result_list tbody th a"),
    ("phone-systems", "providers/ingestsource/", ""),
    ("phone-system-add", "providers/ingestsource/add/", ""),
    ("refused-callbacks", "providers/refusedcallback/", ""),
    ("refused-forms", "forms_intake/formrefusal/", ""),
    ("tag", "calls/tag/", "#result_list tbody th a"),
    ("tag-delete", "calls/tag/", "#result_list tbody th a >> .more summary >> [href$='/delete/']"),
    ("api-key-add", "subscriptions/apikey/add/", ""),
    ("member", "subscriptions/membership/", "#result_list tbody th a"),
    ("invitations", "subscriptions/invitation/", ""),
    ("password-change", "password_change/", ""),
    ("two-step-login-begun", "two-step-login/", "[name=do]"),
    ("filter-and-shape", "subscriptions/subscription/", "#result_list tbody th a >> form summary"),
    ("not-allowed", "service/", ""),
    (MENU, "subscriptions/delivery/", "button.top-phone"),
)
# A company that has just begun, and one in which all is well, after `./dev demo`.
FIRST_DAY: tuple[Shown, ...] = (("home-first-day", "", ""), ("activity-first-day", "activity/", ""))
GOOD_DAY: tuple[Shown, ...] = (("home-good-day", "", ""),)
FOR_ANYBODY: tuple[Shown, ...] = (
    ("login", "login/", ""),
    ("password-reset", "password_reset/", ""),
)
FOR_OPERATORS: tuple[Shown, ...] = (
    ("service", "service/", ""),
    ("all-companies", "", ""),
    ("reports-of-all", "reports/", ""),
)
# What the docs show, and how high: a picture stays below 150 KB, so a long table is cut. The rest is for looking at.
IN_DOCS = {
    "home": 900, "activity": 720, "call": 900, "reports": 900, "subscription-add": 900, "subscription": 820,
    "deliveries": 720, "delivery": 900, "delivery-refused": 760, "catalogue": 680, "invite": 640, "your-settings": 640,
    "import": 820, "service": 900,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every page, wide and phone, light and dark, there")
    parser.add_argument("--only", metavar="WORD", help="pages whose name has this word")
    options = parser.parse_args(arguments)
    try:
        demo = json.loads(DEMO.read_text("utf-8"))
        for path in _take(demo, options.all, options.only or ""):
            sys.stdout.write(f"{path}\n")
    except FileNotFoundError:
        sys.stderr.write(f"{DEMO} is missing. Start `./dev run` in another terminal, and play `./dev demo`.\n")
        return 1
    except (NotFound, LookupError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _take(demo: dict[str, str], folder: Path | None, word: str) -> Iterator[Path]:
    sizes = [WIDE, PHONE] if folder else [WIDE]
    schemes: list[Scheme] = ["light", "dark"] if folder else ["light"]
    with launched() as browser:
        for login, all_pages in _who(demo):
            pages = [page for page in all_pages if word in page[0] and (folder or page[0] in IN_DOCS)]
            for size in sizes:
                for scheme in schemes if pages else ():
                    with browser.new_context(
                        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
                    ) as context:
                        page = context.new_page()
                        if login:
                            _log_in(page, demo["admin_url"], *login)
                        for name, path, clicks in pages:
                            if name == MENU and size != PHONE:
                                continue
                            target = folder / f"{name}-{size[0]}-{scheme}.png" if folder else IMAGES / f"{name}.png"
                            if folder is None:
                                page.set_viewport_size({"width": WIDE[0], "height": IN_DOCS[name]})
                            _picture(page, f"{demo['admin_url']}{path}", clicks, target, full=folder is not None)
                            yield target


def _who(demo: dict[str, str]) -> Iterator[tuple[tuple[str, str] | None, tuple[Shown, ...]]]:
    """Each login, or None, with the pages to be seen by it."""
    owner = (demo["user"], demo["password"])
    # The company with a month behind it, where `./dev demo --month` has put one.
    month = (demo["month_user"], demo["month_password"]) if "month_user" in demo else None
    yield month or owner, PAGES
    if month:
        yield owner, GOOD_DAY
        yield (demo["month_newcomer"], demo["month_newcomer_password"]), FIRST_DAY
    yield (demo["operator"], demo["operator_password"]), FOR_OPERATORS
    yield None, FOR_ANYBODY


def _log_in(page: Page, admin: str, user: str, password: str) -> None:
    page.goto(f"{admin}login/")
    page.get_by_label("Email address").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.locator("#user-tools").wait_for()


def open_page(page: Page, url: str, clicks: str) -> None:
    page.goto(url)
    for one in filter(None, clicks.split(THEN)):
        if not page.locator(one).count():
            raise LookupError(f"{page.url} has no {one}: the demo has nothing to show there.")
        page.locator(one).first.click()
        page.wait_for_load_state()


def _picture(page: Page, url: str, clicks: str, target: Path, *, full: bool) -> None:
    open_page(page, url, clicks)
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, full_page=full)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
