"""A receiver's headers and login on the form of a subscription."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from subscriptions.delivery.credentials import Credentials
from subscriptions.delivery.masking import MASK
from subscriptions.models import Subscription
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db

BASIC = Credentials({"X-Tenant": "acme-4711", "X-Team": "blue-team"}, "hooks", "pa55word")


@pytest.fixture
def subscription():
    made = factories.make_subscription(factories.make_company(), url="http://127.0.0.1:9999/hooks")
    made.credentials = BASIC
    made.save()
    return made


@pytest.fixture
def client(subscription):
    return login(factories.make_member(subscription.company))


@pytest.fixture
def page(subscription):
    return reverse("admin:subscriptions_subscription_change", args=[subscription.pk])


def stored() -> Credentials:
    return Subscription.objects.get().credentials


def save(client, page, **changes):
    """What the page shows, with what a person changes in it."""
    return client.post(page, {**filled_in(client.get(page).content.decode()), **changes})


def errors(answer) -> dict:
    return dict(answer.context["adminform"].form.errors)


def test_values_are_never_shown_again(client, page):
    shown = client.get(page).content.decode()
    assert f"X-Tenant: {MASK}" in shown
    assert 'value="hooks"' in shown
    assert not any(value in shown for value in ("acme-4711", "blue-team", "pa55word"))


def test_saved_untouched_everything_stays(client, page):
    before = Subscription.objects.values().get()
    assert save(client, page).status_code == 302
    assert Subscription.objects.values().get() == before


def test_another_change_leaves_them_alone(client, page):
    assert save(client, page, name="New").status_code == 302
    assert (Subscription.objects.get().name, stored()) == ("New", BASIC)


def test_one_is_changed_and_the_rest_stays(client, page):
    save(client, page, header_lines=f"X-Tenant: {MASK}\r\nX-New: 1\r\n")
    assert stored() == Credentials({"X-Tenant": "acme-4711", "X-New": "1"}, "hooks", "pa55word")
    save(client, page, login_password="other")
    assert stored().password == "other"
    save(client, page, login_user="", login_password="", login_token="tok-1", header_lines="")
    assert stored() == Credentials({}, token="tok-1")


def test_the_history_names_what_was_changed_and_no_value(client, page):
    save(client, page, login_password="other-secret", header_lines="X-New: new-secret")
    (entry,) = LogEntry.objects.all()
    assert "password" in entry.get_change_message().lower()
    assert "secret" not in entry.change_message


def test_they_can_be_given_from_the_start(client):
    path = reverse("admin:subscriptions_subscription_add")
    data = {"name": "ERP", "url": "http://127.0.0.1:9999/erp", "events": ["post_call"], "login_token": "tok-1"}
    answer = client.post(path, {**filled_in(client.get(path).content.decode()), **data})
    assert answer.status_code == 302, errors(answer)
    assert Subscription.objects.get(name="ERP").credentials == Credentials({}, token="tok-1")


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"header_lines": "no colon"}, "header_lines"),
        ({"header_lines": "X-A: 1\r\nx-a: 2"}, "header_lines"),
        ({"header_lines": "Host: example.com"}, "header_lines"),
        ({"header_lines": f"X-Unknown: {MASK}"}, "header_lines"),
        ({"header_lines": "Authorization: Token x"}, "header_lines"),
        ({"login_user": "a:b"}, "login_user"),
        ({"login_token": "tok-1"}, "login_token"),
        ({"login_token": MASK}, "login_token"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(client, page, changes, field):
    answer = save(client, page, **changes)
    assert answer.status_code == 200
    assert errors(answer).keys() == {field}
    assert stored() == BASIC


def test_another_server_does_not_get_what_was_stored_for_this_one(client, page):
    answer = save(client, page, url="http://127.0.0.1:8888/evil")
    assert "another server" in str(errors(answer)["header_lines"])
    assert Subscription.objects.get().url == "http://127.0.0.1:9999/hooks"
    moved = {"header_lines": "", "login_user": "", "login_password": "", "url": "http://127.0.0.1:8888/new"}
    assert save(client, page, **moved).status_code == 302
    assert (Subscription.objects.get().url, bool(stored())) == ("http://127.0.0.1:8888/new", False)


def test_who_may_only_read_sees_what_is_asked_for_and_changes_nothing(subscription, page):
    viewer = login(factories.make_member(subscription.company, role="viewer"))
    shown = viewer.get(page).content.decode()
    assert "User and password; X-Tenant, X-Team" in shown
    assert "acme-4711" not in shown
    assert viewer.post(page, {"login_password": "x"}).status_code == 403
    assert stored() == BASIC


def test_forged_beginnings_take_nothing_to_another_server(client, page):
    """The page says what its fields began with; whoever writes that themselves gains nothing."""
    fields = filled_in(client.get(page).content.decode())
    forged = {
        "url": "http://127.0.0.1:8888/evil",
        "login_user": "x",
        "login_password": "yyyy",
        "header_lines": "X-A: b",
    }
    beginnings = {f"initial-{name}": value for name, value in forged.items()}
    assert client.post(page, {**fields, **beginnings, **forged}).status_code == 302
    saved = Subscription.objects.get()
    assert not ("8888" in saved.url and "acme-4711" in str(saved.credentials.headers.values()))
    assert (saved.url, saved.credentials.password) == ("http://127.0.0.1:8888/evil", "yyyy")


def test_what_was_stored_while_the_page_was_open_does_not_move_with_the_url(client, page, subscription):
    subscription.credentials = Credentials()
    subscription.save()
    opened = filled_in(client.get(page).content.decode())
    subscription.credentials = BASIC  # by somebody else, for the old server
    subscription.save()
    assert client.post(page, {**opened, "url": "http://127.0.0.1:8888/new"}).status_code == 302
    saved = Subscription.objects.get()
    assert (saved.url, bool(saved.credentials)) == ("http://127.0.0.1:8888/new", False)


def test_what_was_stored_while_the_page_was_open_stays_where_the_server_stays(client, page, subscription):
    subscription.credentials = Credentials()
    subscription.save()
    opened = filled_in(client.get(page).content.decode())
    subscription.credentials = BASIC
    subscription.save()
    assert client.post(page, {**opened, "name": "New name"}).status_code == 302
    assert stored() == BASIC
