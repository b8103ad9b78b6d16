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
# A name for the picture, the page, and what to click on it, one after the other, to get to what is meant.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("home", "", ""),
    ("activity", "activity/", ""),
    ("activity-filtered", "activity/?since=7d&outcome=missed", ""),
    ("activity-marked", "activity/", " >> ".join(f"tr:nth-child({row}) .check input" for row in (2, 4, 5))),
    ("subscriptions", "subscriptions/subscription/", ""),
    ("subscription", "subscriptions/subscription/", "#result_list tbody th a"),
    ("subscription-add", "subscriptions/subscription/add/", ""),
    ("verify", "subscriptions/subscription/", "#result_list tbody th a >> a[href$='/verify/']"),
    (
        "body-and-format",
        "subscriptions/subscription/",
        "#result_list tbody th a >> .more summary >> [href$='/shape/'] >> [name=_preview]",
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
    ("person", "calls/person/", "#result_list tbody th a"),
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
)
FOR_OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("service", "service/", ""),
    ("all-companies", "", ""),
    ("reports-of-all", "reports/", ""),
)
# What the docs show, and how high: a picture stays below 150 KB, so a long table is cut. The rest is for looking at.
IN_DOCS = {
    "home": 900, "activity": 720, "call": 900, "reports": 900, "subscription-add": 900, "subscription": 820,
    "deliveries": 720, "delivery": 900, "delivery-refused": 760, "catalogue": 900, "invite": 640, "your-settings": 640,
    "import": 820, "service": 900,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every page, wide and phone, light and dark, there")
    options = parser.parse_args(arguments)
    try:
        demo = json.loads(DEMO.read_text("utf-8"))
        taken = list(_take(demo, options.all))
    except FileNotFoundError:
        sys.stderr.write(f"{DEMO} is missing. Start `./dev run` in another terminal, and play `./dev demo`.\n")
        return 1
    except NotFound as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in taken))
    return 0


def _take(demo: dict[str, str], folder: Path | None) -> Iterator[Path]:
    admin = demo["admin_url"]
    # The company with a month behind it, where `./dev demo --month` has put one.
    member = (demo.get("month_user") or demo["user"], demo.get("month_password") or demo["password"])
    who = [(*member, PAGES), (demo["operator"], demo["operator_password"], FOR_OPERATORS)]
    sizes = [WIDE, PHONE] if folder else [WIDE]
    schemes: list[Scheme] = ["light", "dark"] if folder else ["light"]
    with launched() as browser:
        for user, password, pages in who:
            for size in sizes:
                for scheme in schemes:
                    with browser.new_context(
                        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
                    ) as context:
                        page = context.new_page()
                        _log_in(page, admin, user, password)
                        for name, path, clicks in pages:
                            if folder is None and name not in IN_DOCS:
                                continue
                            target = folder / f"{name}-{size[0]}-{scheme}.png" if folder else IMAGES / f"{name}.png"
                            if folder is None:
                                page.set_viewport_size({"width": WIDE[0], "height": IN_DOCS[name]})
                            _picture(page, f"{admin}{path}", clicks, target, full=folder is not None)
                            yield target


def _log_in(page: Page, admin: str, user: str, password: str) -> None:
    page.goto(f"{admin}login/")
    page.get_by_label("Email address").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.locator("#user-tools").wait_for()


def _picture(page: Page, url: str, clicks: str, target: Path, *, full: bool) -> None:
    page.goto(url)
    for one in filter(None, clicks.split(" >> ")):
        page.locator(one).first.click()
        page.wait_for_load_state()
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, full_page=full)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
