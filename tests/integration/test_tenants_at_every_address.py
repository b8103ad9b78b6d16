"""Nobody gets anything of another company at any address of the site, nor does more than their role or key allows.

Walks the URL conf, so that a page added later is walked too. `./dev test` asks for each address at least once, and the
visitors share them; in `./dev test --long` each visitor asks for all. What lists, filters and forms let through is in
test_admin_tenancy.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from tests.support import factories
from tests.support.admin import Tenant, login, marks_of, two_tenants, unlogged_refusals
from tests.support.api import program
from tests.support.long_tests import ALL, Share, shares_of, some
from tests.support.site_addresses import LINKS, Leaf, address, leaves, row_of
from tests.support.tenant_snapshot import snapshot

pytestmark = pytest.mark.django_db
METHODS = ["get", "post", "patch", "put", "delete"]
# Tried on rows: enough for each form and each button to go through with it, were it allowed.
SAID = {"post": "yes", "held": "drop", "_save": "Save", "name": "mine", "note": "mine", "type": "post_call"}
# Ends the visitor's own session, and nothing else.
LEFT_OUT = {"admin:logout"}
# Random letters, in hundreds of forms: now and then they spell a company's name.
CSRF_TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+')
# What the API can do, which is no company's.
PUBLIC = {"api-schema", "api-docs", "api-docs-try", "api-docs-group", "api-docs-webhook", "vendor-schema"}
IN_ADMIN = [leaf for leaf in leaves() if not leaf.in_api and leaf.name not in LEFT_OUT]
IN_API = [leaf for leaf in leaves() if leaf.in_api]


@pytest.fixture(autouse=True)
def _unlogged() -> Iterator[None]:
    with unlogged_refusals():
        yield


@pytest.fixture
def tenants() -> tuple[Tenant, Tenant]:
    return two_tenants()


class Walker:
    """Somebody who asks for everything; `seen` are the statuses by address and method."""

    def __init__(self, client: Any, forbidden: list[str], **how: Any) -> None:
        self.client, self.forbidden, self.how = client, forbidden, how

    def ask(self, method: str, url: str, said: Any = None) -> Any:
        answer = getattr(self.client, method)(url, said, **self.how) if said else getattr(self.client, method)(url)
        assert answer.status_code < 500, f"{method} {url}: {answer.status_code}"
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        shown = CSRF_TOKEN.sub("", content.decode(errors="replace")) + answer.headers.get("Location", "")
        # What the visitor typed may be said back; it tells nothing.
        found = [mark for mark in self.forbidden if mark in shown and mark not in f"{url} {said}"]
        assert not found, f"{method} {url} shows {found}"
        return answer


def about_a_row(leaf: Leaf, tenant: Tenant) -> bool:
    return bool(leaf.parts) and leaf.name not in LINKS and row_of(leaf, tenant) is not None


def test_the_url_conf_is_walked(tenants):
    ours, _ = tenants
    assert len(IN_ADMIN) > 180
    assert len(IN_API) > 40
    about = [leaf for leaf in [*IN_ADMIN, *IN_API] if about_a_row(leaf, ours)]
    assert len(about) > 130


# The most that a member may, and the least. An admin may nothing that an owner may not (test_admin_tenancy.py).
@pytest.mark.parametrize(("role", "share"), shares_of("owner", "viewer"), ids=str)
def test_a_member_gets_nothing_of_another_company(tenants, role, share):
    ours, other = tenants
    user = factories.make_member(ours.company, role, username=f"walker-{role}@example.com")
    walker = Walker(login(user), marks_of(other))
    before = snapshot(other)
    for leaf in share.of(IN_ADMIN):
        url = address(leaf, other)
        answers = [walker.ask("get", url), walker.ask("post", url, SAID)]
        if about_a_row(leaf, other):
            assert not [answer for answer in answers if answer.status_code == 200], url
    assert snapshot(other) == before


@pytest.mark.parametrize("share", [some(0, 3), ALL])
def test_an_owners_own_pages_open_and_show_no_other_company(tenants, share):
    ours, other = tenants
    user = factories.make_member(ours.company, "owner", username="walker@example.com")
    walker = Walker(login(user), marks_of(other))
    opened = [leaf for leaf in share.of(IN_ADMIN) if walker.ask("get", address(leaf, ours)).status_code == 200]
    assert len([leaf for leaf in opened if about_a_row(leaf, ours)]) > 40 // share.every


@pytest.mark.parametrize("share", [some(1, 3), ALL])
def test_a_viewer_changes_nothing_at_any_address(tenants, share):
    ours, other = tenants
    user = factories.make_member(ours.company, "viewer", username="walker@example.com")
    walker = Walker(login(user), marks_of(other))
    before = snapshot(ours)
    for leaf in share.of(IN_ADMIN):
        answer = walker.ask("post", address(leaf, ours), SAID)
        if about_a_row(leaf, ours) and leaf.name:
            assert answer.status_code != 200 or leaf.name.endswith(("_history", "_timeline", "_state", "_result")), leaf
    assert snapshot(ours) == before


@pytest.mark.parametrize(
    ("who", "share"),
    [
        ("anonymous", Share()),
        ("staff without a company", Share(2, 3)),
        pytest.param("staff without a company", Share(), marks=pytest.mark.long),
    ],
    ids=str,
)
def test_strangers_get_nothing_of_anybody(tenants, who, share):
    ours, other = tenants
    user = None
    if who != "anonymous":
        # Django's own permissions open nothing here.
        user = User.objects.create_user("staff@example.com", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.all())
    walker = Walker(login(user), [*marks_of(other), "Acme"])
    before = snapshot(ours), snapshot(other)
    for leaf in share.of(IN_ADMIN):
        url = address(leaf, ours)
        answers = [walker.ask("get", url), walker.ask("post", url, SAID)]
        if leaf.in_admin and about_a_row(leaf, ours):
            assert not [answer for answer in answers if answer.status_code == 200], url
    for leaf in IN_API if user is None else ():  # a login is nothing to the API
        for method in METHODS:
            answer = walker.ask(method, address(leaf, ours))
            assert answer.status_code == 401 or leaf.name in PUBLIC, (method, leaf)
    assert (snapshot(ours), snapshot(other)) == before


def test_a_key_gets_nothing_of_another_company(tenants):
    """It has every scope, so that nothing is refused for the lack of one before the company is looked at."""
    ours, other = tenants
    walker = Walker(program(ours.company, scopes=["read", "ingest", "manage"]), marks_of(other))
    before = snapshot(other)
    for leaf in IN_API:
        url = address(leaf, other)
        for method in METHODS:
            answer = walker.ask(method, url)
            if about_a_row(leaf, other):
                # 400: its body is looked at before the row is.
                assert answer.status_code in (400, 403, 404, 405), (method, url, answer.status_code)
            walker.ask(method, url, {"name": "mine"})
    assert snapshot(other) == before


def test_a_key_that_reads_changes_nothing(tenants):
    ours, other = tenants
    walker = Walker(program(ours.company, scopes=["read"]), marks_of(other))
    before = snapshot(ours)
    for leaf in IN_API:
        for method in METHODS[1:]:
            answer = walker.ask(method, address(leaf, ours), {"name": "mine"})
            assert answer.status_code in (401, 403, 404, 405), (method, leaf, answer.status_code)
    assert snapshot(ours) == before


def test_a_key_that_brings_in_manages_nothing(tenants):
    ours, other = tenants
    walker = Walker(program(ours.company, scopes=["ingest"]), marks_of(other))
    kinds = ["subscription", "delivery", "resendjob", "endpointissue", "apikey", "company", "membership"]
    managed = [f"subscriptions_{kind}" for kind in kinds]

    def shown() -> dict[str, Any]:
        found = {name: rows for name, rows in snapshot(ours).items() if name in managed}
        # The whole test is one transaction, in which an event about a changed call is written anew.
        deliveries = found["subscriptions_delivery"]
        return found | {"subscriptions_delivery": [(row["subscription_id"], row["state"]) for row in deliveries]}

    before = shown()
    for leaf in IN_API:
        for method in METHODS[1:]:
            walker.ask(method, address(leaf, ours), {"name": "mine"})
    assert shown() == before
