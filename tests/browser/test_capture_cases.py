"""What the capture script sends of forms in the shapes of the form builders and widgets, and what it never sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from forms_intake.contents import remove_secrets
from forms_intake.secrets import REMOVED
from tests.browser.capture_site import CaptureSite, running
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser
MAIL = "ann@example.com"


@pytest.fixture(scope="module")
def site() -> Iterator[CaptureSite]:
    with running() as site:
        yield site


@pytest.fixture(scope="module")
def opened(browser: Browser, site: CaptureSite) -> Iterator[Page]:
    """The page of all forms, with a clock that the tests move. It stays: the site answers forms with 204."""
    complaints: list[str] = []
    with browser.new_context() as context:
        shown = context.new_page()
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.clock.install()
        shown.goto(site.url)
        yield shown
    assert complaints == []


@pytest.fixture
def page(opened: Page, site: CaptureSite) -> Page:
    """The page as it is; each test has forms of its own."""
    opened.evaluate("document.body.dataset.done = 0")
    opened.clock.fast_forward(700_000)  # whatever an earlier test left is sent
    site.take()
    return opened


@pytest.fixture
def fresh(page: Page, site: CaptureSite) -> Page:
    """The page loaded anew."""
    page.goto(site.url)
    return page


def fill(page: Page, form: str, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f'{form} [name="{name}"]').fill(value)


def settle(page: Page, site: CaptureSite, count: int = 1) -> list[dict[str, Any]]:
    """What was sent once the page had time to show a next step."""
    page.clock.fast_forward(2_000)
    wait_until(lambda: len(site.sent) >= count)
    return [sent["form_data"] for sent in site.take()]


BUILDERS: dict[str, tuple[str, dict[str, str], str, dict[str, str]]] = {
    # name: (form, what is typed, what is pressed, what else is sent)
    "webflow": ("#webflow", {"Name": "Ann", "Email": MAIL}, "[type=submit]", {}),
    "hubspot": ("#hubspot", {"firstname": "Ann", "email": MAIL}, "[type=submit]", {}),
    "gravity forms": (
        "#gform_1",
        {"input_1.3": "Ann", "input_1.6": "Example", "input_2": MAIL, "input_3": "214-555-0123", "input_4": "Hello"},
        "[type=submit]",
        {},
    ),
    "jotform": (
        ".jotform-form",
        {"q3_name[first]": "Ann", "q3_name[last]": "", "q4_email": MAIL, "q5_phone[full]": "(214) 555-0123"},
        "[type=submit]",
        {"formID": "2410"},
    ),
    "elementor": (
        "#elementor",
        {"form_fields[name]": "Ann", "form_fields[email]": MAIL, "form_fields[message]": "Hello"},
        "[type=submit]",
        {"post_id": "12", "form_id": "3fa2b1c"},
    ),
    "contact form 7": (
        ".wpcf7-form",
        {"your-name": "Ann", "your-email": MAIL, "your-message": "Hello"},
        "[type=submit]",
        {},
    ),
    "wpforms": (
        "#wpforms-form-9",
        {"wpforms[fields][0][first]": "Ann", "wpforms[fields][0][last]": "", "wpforms[fields][1]": MAIL},
        "[type=submit]",
        {"wpforms[hp]": "", "wpforms[id]": "9"},
    ),
    "squarespace": (
        "#squarespace",
        {"fname": "Ann", "lname": "Example", "email": MAIL, "message": "Hello"},
        "[type=submit]",
        {},
    ),
    "wix": ("#wix", {"first-name": "Ann", "email": MAIL}, "span", {}),
    "xhr behind a press": ("#pressed-xhr", {"email": MAIL}, "button", {}),
    "requestSubmit": ("#requested", {"email": MAIL}, "a", {}),
    "submit()": ("#called", {"email": MAIL}, "a", {}),
    "a shadow root": ("lead-form", {"email": MAIL, "message": "Hello"}, "button", {}),
    "a sign-up": ("#signup", {"email": MAIL}, "button", {}),
}


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("builder", BUILDERS)
def test_each_builders_form_is_sent_once(page: Page, site: CaptureSite, builder: str):
    form, typed, button, added = BUILDERS[builder]
    fill(page, form, **typed)
    page.locator(f"{form} {button}").click()
    assert settle(page, site) == [typed | added]


def test_the_page_says_what_is_typed_for_an_address_and_a_number(page: Page, site: CaptureSite):
    """Names such as input_2 do not say it, and the service finds the person by it."""
    fill(page, "#gform_1", input_2=MAIL, input_3="214-555-0124")
    page.locator("#gform_1 [type=submit]").click()
    wait_until(lambda: site.sent)
    (sent,) = site.take()
    assert (sent["email_field"], sent["phone_field"]) == ("input_2", "input_3")


# --- widgets, and names that hide what the browser's own objects have --------------------------------------------
def test_widgets_are_read_as_what_they_stand_for(page: Page, site: CaptureSite):
    fill(page, "#widgets", phone="214-555-0123")
    page.locator("#widgets .iti__search-input").fill("United")
    page.locator("#widgets .choices__input--cloned").fill("Ro")
    page.locator("#widgets .select2-search__field").fill("Ki")
    page.locator("#widgets [name=city] input").fill("Austin")
    page.locator("#widgets > button").click()
    assert settle(page, site) == [
        {"phone": "214-555-0123", "service": "roof", "rooms[]": ["Kitchen", "Bath"], "city": "Austin"}
    ]


# Each is a property of a form that a field of this name hides.
NAMES = """closest action method elements submit name id target length getAttribute matches querySelectorAll getRootNode
    addEventListener parentNode nodeType nodeName tagName form contains reset checkValidity dataset value hasAttribute
    isConnected shadowRoot children constructor toString hasOwnProperty __proto__""".split()


def test_fields_may_have_names_of_the_forms_own_properties(page: Page, site: CaptureSite):
    # Filled in by a script: Playwright itself is at a loss in such a form.
    build = """names => { const form = document.getElementById('names'), button = document.createElement('button');
        for (const name of names) { const field = document.createElement('input');
            field.name = name; field.value = name + '@example.com'; Element.prototype.append.call(form, field); }
        Element.prototype.append.call(form, button); button.click(); }"""
    page.evaluate(build, NAMES)
    assert settle(page, site) == [{name: f"{name}@example.com" for name in NAMES}]


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("name", ["closest", "action", "submit", "method", "elements"])
def test_such_a_form_may_be_sent_by_submit_too(page: Page, site: CaptureSite, name: str):
    page.evaluate("name => document.querySelector('#names').innerHTML = `<input name=${name}>`", name)
    page.locator("#names input").fill(MAIL)
    page.evaluate("HTMLFormElement.prototype.submit.call(document.getElementById('names'))")
    assert settle(page, site) == [{name: MAIL}]


@pytest.mark.parametrize(
    ("button", "typed", "sent"),
    [
        (
            "#bare button",
            {"#bare-name": "Ann", "#bare [type=tel]": "2145550123"},
            {"bare-name": "Ann", "Your phone": "2145550123"},
        ),
        ("#elsewhere-button", {"#elsewhere input": MAIL}, {"email": MAIL}),
        (
            "#nameless button",
            {"#mail-field": MAIL, "#nameless [placeholder]": "Ann"},
            {"mail-field": MAIL, "Your name": "Ann"},
        ),
    ],
    ids=["beside the button", "named by it", "a form without names"],
)
def test_fields_without_a_form_or_a_name(
    page: Page, site: CaptureSite, button: str, typed: dict[str, str], sent: dict[str, str]
):
    for field, value in typed.items():
        page.locator(field).fill(value)
    page.locator(button).click()
    assert settle(page, site) == [sent]


# --- steps --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("waits", [False, True], ids=["at once", "slowly"])
def test_steps_of_one_form_are_one_submission(fresh: Page, site: CaptureSite, waits: bool):
    fresh.locator("#wizard fieldset:nth-of-type(1) button").click()
    fresh.locator("#wizard fieldset:nth-of-type(2)").wait_for()
    fresh.clock.fast_forward(120_000 if waits else 0)
    fill(fresh, "#wizard", zip="78701")
    fresh.locator("#wizard fieldset:nth-of-type(2) button").click()
    fresh.locator("#wizard fieldset:nth-of-type(3)").wait_for()
    fresh.clock.fast_forward(120_000 if waits else 0)
    fill(fresh, "#wizard", email=MAIL)
    fresh.locator("#wizard fieldset:nth-of-type(3) button").click()
    done(fresh, 3)
    assert settle(fresh, site) == [{"need": "Roof", "zip": "78701", "email": MAIL}]


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "slowly"])
def test_steps_may_be_forms_of_their_own(fresh: Page, site: CaptureSite, waits: bool):
    fill(fresh, "#separate", need="A roof")
    fresh.locator("#separate form:nth-of-type(1) button").click()
    fresh.locator("#separate form:nth-of-type(2)").wait_for()
    fresh.clock.fast_forward(120_000 if waits else 0)
    fill(fresh, "#separate", email=MAIL)
    fresh.locator("#separate form:nth-of-type(2) button").click()
    done(fresh, 2)
    assert settle(fresh, site) == [{"need": "A roof", "email": MAIL}]


def test_steps_may_be_pages(page: Page, site: CaptureSite):
    fill(page, "#gform_2", input_1="A roof")
    page.locator("#gform_2 .gform_next_button").click()
    page.locator("#gform_2_last").wait_for()
    assert page.evaluate("sessionStorage.getItem('callhooks.step')") is None
    fill(page, "#gform_2_last", input_2=MAIL)
    page.locator("#gform_2_last button").click()
    assert settle(page, site) == [{"input_1": "A roof", "input_2": MAIL}]


def test_who_leaves_between_two_steps_is_not_lost(page: Page, site: CaptureSite):
    fill(page, "#separate", need="A roof")
    page.locator("#separate form:nth-of-type(1) button").click()
    done(page, 1)
    page.clock.fast_forward(2_000)
    assert site.sent == []
    page.goto(site.url + "?elsewhere")
    assert settle(page, site) == [{"need": "A roof"}]


def test_who_waits_too_long_between_two_steps_is_not_lost(fresh: Page, site: CaptureSite):
    fill(fresh, "#separate", need="A roof")
    fresh.locator("#separate form:nth-of-type(1) button").click()
    done(fresh, 1)
    fresh.clock.fast_forward(2_000)
    fresh.clock.fast_forward(660_000)
    assert settle(fresh, site) == [{"need": "A roof"}]


def test_a_form_that_the_page_rejected_is_sent_once_when_it_is_right(page: Page, site: CaptureSite):
    fill(page, ".wpcf7-form", **{"your-name": "Ann", "your-email": "ann"})
    page.locator(".wpcf7-submit").click()
    page.clock.fast_forward(2_000)
    fill(page, ".wpcf7-form", **{"your-email": MAIL})
    page.locator(".wpcf7-submit").click()
    done(page, 1)
    assert settle(page, site) == [{"your-name": "Ann", "your-email": MAIL, "your-message": ""}]


def test_two_forms_are_two_submissions(page: Page, site: CaptureSite):
    fill(page, "#elementor", **{"form_fields[email]": MAIL})
    page.locator("#elementor button").click()
    fill(page, "#squarespace", email="bob@example.com")
    page.locator("#squarespace button").click()
    done(page, 2)
    sent = settle(page, site, 2)
    assert [data.get("form_fields[email]") or data["email"] for data in sent] == [MAIL, "bob@example.com"]


def done(page: Page, count: int) -> None:
    """The page's own scripts have handled this many forms."""
    page.wait_for_function("count => +document.body.dataset.done >= count", arg=count)


# --- what is nobody's message -------------------------------------------------------------------------------------
def test_searches_filters_carts_and_log_ins_are_none(page: Page, site: CaptureSite):
    forms = [form.get_attribute("id") for form in page.locator("form.none").all()]
    assert len(forms) == 12
    for form in forms:
        for field in page.locator(
            f"#{form} :is([type=email],[type=password],[type=search],[type=text],:not([type])):is(input)"
        ).all():
            field.fill(MAIL if field.get_attribute("type") == "email" else "17")
        page.locator(f"#{form} button").click()
    # What comes first afterwards is somebody's.
    fill(page, "#called", email=MAIL)
    page.locator("#called a").click()
    assert settle(page, site) == [{"email": MAIL}]


def test_what_a_page_asks_about_while_somebody_types_is_no_submission(page: Page, site: CaptureSite):
    """Such as whether the number is right, after a press on the list of countries."""
    page.locator("#widgets .iti__selected-country").click()
    page.locator("#widgets [name=phone]").press_sequentially("2145550177")
    page.evaluate("fetch('/thanks', { method: 'POST', body: JSON.stringify({ phone: '2145550177' }) })")
    page.clock.fast_forward(2_000)
    fill(page, "#called", email=MAIL)
    page.locator("#called a").click()
    assert settle(page, site) == [{"email": MAIL}]


# --- what is secret -----------------------------------------------------------------------------------------------
SECRETS = {
    "pin code": "560001", "map pin": "1", "credit_card_type": "Visa", "cc notes": "x", "credit card": "1",
    "secretary": "Ann", "card_notes": "blue", "insurance card number": "A12345",
    "pw": "hunter2", "passwd": "hunter2", "cvv": "123", "userPassword": "hunter2", "card-number": "1", "PIN": "1234",
    "g-recaptcha-response": "03AG", "h-captcha-response": "P1", "cf-turnstile-response": "0.z",
    "message": "call 214-555-0100/214-555-0103", "note": "my card is 4111 1111 1111 1111, thanks",
    "bare": "5555555555554444",
    "code": "4111-1111-1111-1111 123",
    "amex": "3782 822463 10005", "two": "4111111111111111 5555555555554444",
    "order": "4111111111111112", "other": "9876543210987651",
    "phone": "+4915123456787", "spaced": "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "maestro": "6304 0000 0000 0000", "diners": "30569309025904",
    "new": "2223003122003222", "long": "1" * 30, "short": "411111111111111",
}  # fmt: skip


def test_the_page_keeps_what_the_service_would_remove(page: Page, site: CaptureSite):
    build = """fields => { const form = document.getElementById('secrets');
        for (const [name, value] of Object.entries(fields)) { const field = document.createElement('input');
            field.name = name; field.value = value; form.prepend(field); } }"""
    page.evaluate(build, SECRETS)
    fill(page, "#secrets", email=MAIL)
    page.locator("#secrets button").click()
    (sent,) = settle(page, site)
    # The service drops what is nothing but a mask.
    assert remove_secrets(sent) == remove_secrets(SECRETS) | {"email": MAIL}
    assert sent["bare"] == REMOVED
