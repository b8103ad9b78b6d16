"""The capture script on a site of another origin: three kinds of form, and what must never leave the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from forms_intake.models import FormSource, FormSubmission
from forms_intake.web import script_source
from forms_intake.web.script import build_script_tag
from subscriptions.models import Event
from tests.support.factories import make_company, make_subscription
from tests.support.http_servers import QuietHandler, running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = """<!doctype html><title>Site</title><head>%s<script src="/site.js" defer></script></head>
<form id="plain" action="/thanks" method="post">
  <input name="name"><input name="password" type="password"><input name="number" autocomplete="cc-number">
  <input name="other"><input name="private" data-callhooks-ignore><input type="hidden" name="csrf_token" value="t">
  <input type="checkbox" name="box" value="a" checked><input type="checkbox" name="box" value="b" checked>
  <input type="checkbox" name="box" value="c"><input name="elements"><input name="submit" type="hidden">
  <button>Send</button>
</form>
<form id="ajax"><input name="phone"><button>Send</button><output></output></form>
<form id="search" role="search"><input name="q"><button>Send</button></form>
<form id="ours" action="%s" method="post"><input name="name"><button>Send</button></form>
<div id="place"></div>"""
SITE_JS = b"""
document.getElementById('ajax').addEventListener('submit', async (event) => {
    event.preventDefault();
    await fetch('/thanks', { method: 'POST', body: new FormData(event.target) });
    event.target.querySelector('output').textContent = 'Done';
});
document.getElementById('search').addEventListener('submit', (event) => event.preventDefault());
setTimeout(() => {
    document.getElementById('place').innerHTML =
        '<form id="late" action="/thanks"><input name="email"><button type="button">Send</button></form>';
    document.querySelector('#late button').addEventListener('click', () => document.getElementById('late').submit());
}, 0);
"""


class Site:
    """A company's web site, on a port of its own."""

    def __init__(self) -> None:
        self.page, self.policy, self.url = "", "", ""


class Handler(QuietHandler):
    site: Site

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        script = self.path == "/site.js"
        body = SITE_JS if script else b"Thanks" if self.path.startswith("/thanks") else self.site.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        self.send_header("Content-Security-Policy", self.site.policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


@pytest.fixture
def site(live_server, settings) -> Iterator[Site]:
    settings.PUBLIC_URL = live_server.url
    made, company = Site(), make_company()
    make_subscription(company)
    with running_server(type("SiteHandler", (Handler,), {"site": made})) as made.url:
        source = FormSource.objects.create(company=company, name="Site", allowed_origins=made.url)
        made.page = PAGE % (build_script_tag(source.public_key), f"{live_server.url}/f/{source.public_key}")
        made.policy = f"default-src 'self'; script-src 'self' {live_server.url}; connect-src 'self' {live_server.url}"
        yield made


@pytest.fixture
def at(page: Page, site: Site) -> Page:
    return page


def _page(context: BrowserContext, complaints: list[str]) -> Page:
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def _forms(count: int) -> list[FormSubmission]:
    wait_until(lambda: FormSubmission.objects.count() >= count)
    return list(FormSubmission.objects.order_by("pk"))


def test_three_kinds_of_form_come_in(at: Page, site: Site):
    landing = f"{site.url}/?utm_source=news&utm_term=roofs&gclid=g1"
    at.goto(landing, referer="http://localhost:9/elsewhere")
    at.goto(f"{site.url}/contact#top")
    for name, value in {
        "name": "Ann", "password": "hunter2", "number": "4111111111111112", "other": "4111-1111 1111.1111",
        "private": "no", "elements": "+12145550123",
    }.items():  # fmt: skip
        at.locator(f"#plain [name={name}]").fill(value)
    at.locator("#plain button").click()
    expect(at.get_by_text("Thanks")).to_be_visible()  # the form itself went where it goes
    (plain,) = _forms(1)
    assert plain.form_data == {
        "name": "Ann", "box": "a, b", "elements": "+12145550123", "submit": "", "utm_term": "roofs", "gclid": "g1",
    }  # fmt: skip
    assert (plain.form_url, plain.landing_page_url) == (f"{site.url}/contact", landing)
    assert (plain.referring_url, plain.referrer) == ("http://localhost:9/elsewhere", "localhost")
    assert (plain.source, plain.utm_source, plain.keywords) == ("news", "news", "roofs")

    at.goto(f"{site.url}/contact")
    at.locator("#search input").fill("roofs")
    at.locator("#search button").click()  # no form to send
    at.locator("#ajax input").fill("+12145550123")
    at.locator("#ajax button").click()
    expect(at.locator("#ajax output")).to_have_text("Done")
    assert _forms(2)[1].form_data["phone"] == "+12145550123"

    at.locator("#late input").fill("bob@example.com")
    at.locator("#late button").click()
    expect(at.get_by_text("Thanks")).to_be_visible()
    assert _forms(3)[2].form_data["email"] == "bob@example.com"
    assert Event.objects.filter(type="form_submission").count() == 3

    at.goto(f"{site.url}/contact")
    at.locator("#ours input").fill("Cleo")
    at.locator("#ours button").click()
    expect(at.get_by_role("heading", name="Thank you")).to_be_visible()
    ours = _forms(4)[3]
    assert (ours.form_data["name"], ours.form_url, ours.landing_page_url) == ("Cleo", f"{site.url}/contact", landing)
    assert FormSubmission.objects.count() == 4


def test_who_asks_not_to_be_tracked_is_not(browser: Browser, site: Site):
    complaints: list[str] = []
    with browser.new_context() as context:
        for wish in ("globalPrivacyControl', {value: true}", "doNotTrack', {value: '1'}"):
            page = _page(context, complaints)
            page.add_init_script(f"Object.defineProperty(navigator, '{wish})")
            page.goto(site.url)
            assert page.evaluate("localStorage.length") == 0
            with page.expect_request("**/thanks"):
                page.locator("#ajax button").click()
            expect(page.locator("#ajax output")).to_have_text("Done")
        page = _page(context, complaints)
        page.goto(site.url)
        page.locator("#ajax input").fill("after")
        page.locator("#ajax button").click()
        # The first that arrives is the one of the visitor who did not mind.
        assert [form.form_data["phone"] for form in _forms(1)] == ["after"]
    assert complaints == []


def test_a_later_visit_is_the_last_touch_and_changes_nothing_else(at: Page, site: Site):
    """Neither half of the later visit nor a page of the same site as the one that referred it."""
    at.goto(f"{site.url}/?utm_source=google&gbraid=b1")
    at.goto(f"{site.url}/contact?utm_source=facebook&utm_medium=paid_social&ttclid=t1")
    at.goto(f"{site.url}/contact")
    at.locator("#plain [name=name]").fill("Ann")
    at.locator("#plain button").click()
    expect(at.get_by_text("Thanks")).to_be_visible()
    (form,) = _forms(1)
    assert (form.source, form.medium, form.landing_page_url) == (
        "google",
        "",
        f"{site.url}/?utm_source=google&gbraid=b1",
    )
    assert (form.referrer, form.form_data["gbraid"], form.form_data.get("ttclid")) == ("", "b1", None)
    first, last = form.milestones["first_touch"], form.milestones["last_touch"]
    assert (first["source"], first["landing_page_url_params"]["gbraid"]) == ("google", "b1")
    assert (last["source"], last["medium"], last["landing_page_url_params"]["ttclid"]) == (
        "facebook",
        "paid_social",
        "t1",
    )


def test_subdomains_share_the_visit(browser: Browser, site: Site):
    """A cookie of the shortest domain that the browser accepts. No name is looked up: the pages are put in its way."""
    names = ("shop.example.test", "www.blog.example.test")
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda route: _as_if_there(route, site))
        page.goto(f"http://{names[0]}/?utm_source=google")
        page.goto(f"http://{names[1]}/contact", referer=f"http://{names[0]}/")
        (kept,) = [each for each in context.cookies() if each["name"] == "callhooks"]
        assert kept["domain"] == ".example.test"
        known = json.loads(unquote(kept["value"]))
        assert (known["f"]["utm_source"], known["l"]) == ("google", known["f"])


def _as_if_there(route: Route, site: Site) -> None:
    """Whatever the host: the page with the script, without the site's policy and the script's hash."""
    newest = script_source.list_files()[-1].read_text()
    tag = '<script src="/capture.js" data-key="KEY"></script>'
    if route.request.url.endswith("/capture.js"):
        route.fulfill(body=newest, content_type="text/javascript")
    else:
        route.fulfill(body=tag, content_type="text/html")
