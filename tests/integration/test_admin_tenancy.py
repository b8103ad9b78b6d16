"""No list, filter, look-up or form of the admin shows or takes anything of another company, for no role. Walks the
registry, of which `./dev test` asks each test for a share; test_tenants_at_every_address.py asks for all addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model
from django.test import Client
from django.urls import reverse

from calls.models import Call
from subscriptions.models import Membership
from subscriptions.tenancy.access import OWNERS, WRITERS
from tests.support import factories
from tests.support.admin import (
    OTHER_PHONE,
    Tenant,
    filled_in,
    like,
    login,
    marks_of,
    name_of,
    pages,
    two_tenants,
    unlogged_refusals,
)
from tests.support.long_tests import ALL, some
from tests.support.tenant_snapshot import snapshot, tenant_pages

pytestmark = pytest.mark.django_db

ROLES = ["admin", "viewer"]
# What Django itself answers: shown, sent elsewhere, refused, not there, bad look-up.
PROPER = {200, 302, 400, 403, 404, 405}


@pytest.fixture(autouse=True)
def _unlogged() -> Iterator[None]:
    with unlogged_refusals():
        yield


@pytest.fixture
def tenants() -> tuple[Tenant, Tenant]:
    return two_tenants()


def operator_pages() -> list[tuple[type[Model], Any]]:
    return [(model, page) for model, page in pages() if not getattr(page, "tenant_scoped", False)]


class Visitor:
    """Somebody who looks for what is not theirs."""

    def __init__(self, user: User | None, other: Tenant) -> None:
        self.client = login(user)
        self.other = other
        self.marks = marks_of(other)
        self.seen: list[tuple[str, int]] = []

    def look(self, path: str, data: dict[str, Any] | None = None, *, post: bool = False) -> Any:
        ask = self.client.post if post else self.client.get
        response = ask(path, data or {})
        assert response.status_code in PROPER, f"{path}: {response.status_code}"
        shown = response.content.decode() + response.headers.get("Location", "")
        told = "".join(str(message) for message in getattr(response, "wsgi_request", None)._messages)
        # What the visitor typed may be said back; it tells nothing.
        typed = f"{path} {data}"
        found = [mark for mark in self.marks if mark in shown + told and mark not in typed]
        assert not found, f"{path} with {data} shows {found}"
        self.seen.append((path, response.status_code))
        return response


def visitor(ours: Tenant, other: Tenant, role: str) -> Visitor:
    if role != "admin":
        user = factories.make_member(ours.company, role, username=f"acme-{role}@example.com")
    else:
        user = ours.admin
    return Visitor(user, other)


def relations(model: type[Model]) -> list[Any]:
    return [
        field
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if field.is_relation and field.related_model is not None
    ]


def foreign_ids(model: type[Model], other: Tenant) -> dict[str, Any]:
    rows = other.rows
    return {field.name: rows[field.related_model].pk for field in relations(model) if field.related_model in rows}


def assert_nothing_crosses() -> None:
    for model, page in tenant_pages():
        if not page.has_company:
            continue
        for field in relations(model):
            if any(one.name == "company" for one in field.related_model._meta.fields):
                crossing = model._default_manager.filter(**{f"{field.name}__isnull": False}).exclude(
                    **{f"{field.name}__company": F("company")}
                )
                assert not crossing.exists(), f"{model.__name__}.{field.name} refers to another company"


def test_the_registry_holds_what_the_walk_expects(tenants):
    ours, _ = tenants
    missing = [model.__name__ for model, _ in tenant_pages() if model not in ours.rows]
    assert not missing, f"give the two tenants of admin_support a row of {missing}"
    assert {"User", "Group", "OrmQ", "Schedule"} <= {model.__name__ for model, _ in operator_pages()}
    for model, page in pages():
        assert all(getattr(inline, "tenant_scoped", False) for inline in page.inlines), model


@pytest.mark.parametrize("share", [some(0, 3), ALL])
def test_lists_show_no_other_company(tenants, share):
    ours, other = tenants
    them = visitor(ours, other, "admin")
    for model, _page in share.of(tenant_pages()):
        url = reverse(f"admin:{name_of(model)}_changelist")
        shown = them.look(url)
        assert shown.status_code in (200, 302), model
        for term in (OTHER_PHONE, "zq7", str(other.rows[model].pk), getattr(other.rows[model], "resource_id", "x")):
            them.look(url, {"q": term})
        for query in ({"_popup": 1, "_to_field": "id"}, {"_facets": "True"}, {"o": "1.2.-3"}, {"all": ""}, {"e": 1}):
            them.look(url, query)
        for name, pk in {**foreign_ids(model, other), "tag": other.tag.pk}.items():
            them.look(url, {name: pk})
            them.look(url, {f"{name}__id__exact": pk})


@pytest.mark.parametrize("share", [some(1, 3), ALL])
def test_no_lookup_in_the_address_is_an_oracle(tenants, share):
    ours, other = tenants
    # Of two companies: the list of companies sends those with one straight to its page.
    Membership.objects.create(company=factories.make_company("Second"), user=ours.admin, role="viewer")
    them = visitor(ours, other, "admin")
    for model, _page in share.of(tenant_pages()):
        url = reverse(f"admin:{name_of(model)}_changelist")
        for number, field in enumerate(model._meta.get_fields()):
            name = f"{field.name}__{('startswith', 'gt', 'regex')[number % 3]}"
            assert them.look(url, {name: "1"}).status_code == 400, f"{url}?{name}=1"
        for name in ("company__name__startswith", "subscription__secret__startswith", "person__phone__startswith"):
            assert them.look(url, {name: "1"}).status_code == 400


def test_what_a_form_is_filled_in_with_by_its_address_shows_no_other_company(tenants):
    ours, other = tenants
    them = visitor(ours, other, "admin")
    for model, page in tenant_pages():
        add = reverse(f"admin:{name_of(model)}_add")
        answer = them.look(add, foreign_ids(model, other))
        if "add" in page.member_rights and page.writers == WRITERS:
            # A select shows only what it offers; another widget would show whatever it begins with.
            begun = answer.context["adminform"].form.initial
            assert not begun.keys() & foreign_ids(model, other).keys(), model
        them.look(add, {**foreign_ids(model, other), "_popup": 1})
        assert page.view_on_site is False


def test_a_form_begins_with_a_row_of_ones_own(tenants):
    ours, other = tenants
    own = foreign_ids(Call, ours)
    begun = visitor(ours, other, "admin").look(reverse("admin:calls_call_add"), own).context["adminform"].form.initial
    assert begun["tracker"] == str(own["tracker"])


@pytest.mark.parametrize("share", [some(2, 3), ALL])
def test_forms_take_nothing_of_another_company(tenants, share):
    ours, other = tenants
    them = visitor(ours, other, "admin")
    before = snapshot(other)
    for model, _page in share.of(tenant_pages()):
        foreign = {name: [str(pk)] for name, pk in foreign_ids(model, other).items()}
        row = ours.rows[model]
        change = reverse(f"admin:{name_of(model)}_change", args=[row.pk])
        add = reverse(f"admin:{name_of(model)}_add")
        for url in (change, add):
            form = filled_in(them.look(url).content.decode())
            for name in foreign:
                them.look(url, {**form, **like(row), name: foreign[name]}, post=True)
            them.look(url, {**form, **like(row), **foreign}, post=True)
            them.look(url, {**form, **foreign, "_saveasnew": "1", "_popup": "1"}, post=True)
        for act in ("resend_selected", "send_now_selected"):
            them.look(
                reverse(f"admin:{name_of(model)}_changelist"),
                {"action": [act], "_selected_action": [str(other.rows[model].pk)], "index": 0},
                post=True,
            )
        them.look(
            reverse(f"admin:{name_of(model)}_changelist"),
            {"action": ["delete_selected"], "_selected_action": [str(other.rows[model].pk)], "post": "yes"},
            post=True,
        )
    assert snapshot(other) == before
    assert_nothing_crosses()


@pytest.mark.parametrize("share", [some(0, 3), ALL])
def test_autocomplete_and_view_on_site_show_no_other_company(tenants, share):
    ours, other = tenants
    them = visitor(ours, other, "admin")
    for model, _page in share.of(pages()):
        for field in relations(model):
            names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
            for term in ("", "zq7", OTHER_PHONE):
                them.look(reverse("admin:autocomplete"), {**names, "term": term})
            if field.related_model in other.rows:  # as a filter asks, among the rows of the other company
                asked = {**names, "term": "", "filter": 1, "company": other.company.pk}
                them.look(reverse("admin:autocomplete"), asked)
    for row in other.rows.values():
        content_type = ContentType.objects.get_for_model(row)
        assert them.look(f"/admin/r/{content_type.pk}/{row.pk}/").status_code == 404


def test_a_viewer_adds_nothing_and_has_no_action(tenants):
    ours, other = tenants
    them = visitor(ours, other, "viewer")
    before = snapshot(ours)
    for model, page in tenant_pages():
        row = ours.rows[model]
        may_add = "viewer" in page.writers  # alerts of their own
        assert them.look(reverse(f"admin:{name_of(model)}_add")).status_code == (200 if may_add else 403), model
        them.look(
            reverse(f"admin:{name_of(model)}_changelist"),
            {"action": [*getattr(page, "actions", ())][:1], "_selected_action": [str(row.pk)], "index": 0},
            post=True,
        )
    assert snapshot(ours) == before


@pytest.mark.parametrize("share", [some(1, 3), ALL])
def test_an_admin_elsewhere_stays_a_viewer_here(tenants, share):
    """Somebody may be a viewer of one company and an admin of another: the right in one is none in the other."""
    ours, other = tenants
    user = factories.make_member(ours.company, "admin", username="both@example.com")
    Membership.objects.create(company=other.company, user=user, role="viewer")
    client = login(user)
    before = snapshot(other)
    for model, page in share.of(tenant_pages()):
        row = other.rows[model]
        for pattern in page.get_urls():
            kwargs = {"object_id": row.pk}
            if [*pattern.pattern.converters] == [*kwargs] and pattern.name and not pattern.name.endswith("_history"):
                url = reverse(f"admin:{pattern.name}", kwargs=kwargs)
                assert client.post(url, {"post": "yes", "held": "drop"}).status_code == 403, url
        changelist = reverse(f"admin:{name_of(model)}_changelist")
        for action in [*(page.actions or ()), "delete_selected"]:
            client.post(changelist, {"action": action, "_selected_action": [str(row.pk)], "index": 0, "post": "yes"})
    # And nothing of the one can be tied to the other.
    for model, url in [(model, reverse(f"admin:{name_of(model)}_add")) for model, _ in share.of(tenant_pages())]:
        page = client.get(url)
        if page.status_code == 200:
            for name, pk in foreign_ids(model, other).items():
                client.post(url, {**filled_in(page.content.decode()), **like(ours.rows[model]), name: [str(pk)]})
    assert snapshot(other) == before
    assert_nothing_crosses()


@pytest.mark.parametrize("share", [some(1, 3), ALL])
def test_a_member_of_two_companies_is_offered_theirs_alone(tenants, share):
    ours, other = tenants
    second = Tenant("Second", "+12145550188")
    Membership.objects.create(company=second.company, user=ours.admin, role="admin")
    read = factories.make_company("Only read")
    factories.make_tracker(read, name="Only read ads")
    Membership.objects.create(company=read, user=ours.admin, role="viewer")
    them = visitor(ours, other, "admin")
    before = snapshot(other)
    for model, page in share.of(tenant_pages()):
        if "add" not in page.member_rights or page.writers != WRITERS:
            continue
        url = reverse(f"admin:{name_of(model)}_add")
        form = them.look(url, foreign_ids(model, other)).context["adminform"].form
        offered = {company.name for company in form.fields["company"].queryset}
        assert offered == {"Acme", "Second"}, model
        if "tracker" in form.fields:
            assert {row.company.name for row in form.fields["tracker"].queryset} == {"Acme", "Second"}, model
        form, row = filled_in(them.look(url).content.decode()), ours.rows[model]
        for tenant in (second, other):
            for name, pk in foreign_ids(model, tenant).items():
                them.look(url, {**form, **like(row), name: [str(pk)]}, post=True)
        # The same without anything foreign is taken: what was refused was refused for being foreign.
        count = model._default_manager.count()
        them.look(url, {**form, **like(row)}, post=True)
        assert model._default_manager.count() == count + 1, model
    assert snapshot(other) == before
    assert_nothing_crosses()


def test_staff_without_a_membership_are_told_so():
    user = User.objects.create_user("staff@example.com", password="x", is_staff=True)
    assert "not a member" in login(user).get(reverse("admin:index")).content.decode()


def test_the_anonymous_are_asked_to_log_in():
    answer = Client().get(reverse("admin:calls_call_changelist"))
    assert answer.headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("role", ROLES)
def test_operators_pages_are_closed_to_members_with_every_permission(tenants, role):
    ours, other = tenants
    them = visitor(ours, other, role)
    user = User.objects.get(pk=them.client.session["_auth_user_id"])
    user.user_permissions.set(Permission.objects.all())
    for model, _page in operator_pages():
        for kind, arguments in (("changelist", []), ("add", []), ("change", [1]), ("delete", [1])):
            url = reverse(f"admin:{name_of(model)}_{kind}", args=arguments)
            answer = them.client.get(url)
            # A row that is not there sends Django home; one that is, is refused.
            assert answer.status_code == 403 or answer.headers.get("Location") == reverse("admin:index"), url
            assert them.client.post(url, {"username": "x", "is_superuser": "on"}).status_code in (302, 403)
    url = reverse("admin:auth_user_change", args=[user.pk])
    assert them.client.get(url).status_code == 403
    them.client.post(url, {"username": user.username, "is_superuser": "on", "is_staff": "on"})
    them.client.post(reverse("admin:auth_user_add"), {"username": "new", "password1": "x", "password2": "x"})
    assert User.objects.filter(is_superuser=True).count() == 0


@pytest.mark.parametrize("share", [some(2, 3), ALL])
def test_an_owner_may_what_an_admin_may(tenants, share):
    ours, other = tenants
    owner, admin = visitor(ours, other, "owner"), visitor(ours, other, "admin")
    for model, page in share.of(tenant_pages()):
        row = ours.rows[model]
        if page.writers == OWNERS:
            continue  # tests/integration/test_members.py
        for kind, arguments in (("add", []), ("change", [row.pk])):
            url = reverse(f"admin:{name_of(model)}_{kind}", args=arguments)
            assert owner.look(url).status_code == admin.look(url).status_code, url


@pytest.mark.parametrize("share", [some(1, 3), ALL])
def test_operators_see_all(tenants, share):
    ours, other = tenants
    operator = User.objects.create_superuser("operator@example.com", password="x")
    client = login(operator)
    for model, _page in share.of(tenant_pages()):
        listed = client.get(reverse(f"admin:{name_of(model)}_changelist"))
        assert listed.status_code == 200
        for tenant in (ours, other):
            assert (
                client.get(reverse(f"admin:{name_of(model)}_change", args=[tenant.rows[model].pk])).status_code == 200
            )
    for model, _page in operator_pages():
        assert client.get(reverse(f"admin:{name_of(model)}_changelist")).status_code == 200
