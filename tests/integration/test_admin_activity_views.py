"""Saved views of the activity page: whose they are, and who may change them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from callhooks_site.activity.models import SavedView
from subscriptions.models import AuditEntry
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
PAGE, ADD = "/admin/activity/", "/admin/activity/savedview/add/"


@pytest.fixture
def company():
    return factories.make_company()


def tabs(client, company=None) -> list[str]:
    return [tab.name for tab in client.get(PAGE).context["tabs"]][2:]


def change_url(view: SavedView) -> str:
    return reverse("admin:activity_view", args=[view.pk])


def test_a_view_keeps_the_filters_under_a_name_and_shows_as_a_tab(company):
    client = login(factories.make_member(company, "viewer"))
    page = client.get(PAGE, {"kind": "form", "since": "7d"})
    assert page.context["save_url"] == f"{ADD}?kind=form&since=7d"
    answer = client.post(page.context["save_url"], {"name": "New forms"}, follow=True)
    assert answer.redirect_chain == [(f"{PAGE}?kind=form&since=7d", 302)]
    tab = answer.context["tabs"][-1]
    assert (tab.name, tab.current, tab.count, bool(tab.edit_url)) == ("New forms", True, "0", True)
    assert answer.context["save_url"] == ""
    factories.make_form(company)
    assert client.get(PAGE).context["tabs"][-1].count == "1"


def test_own_views_are_seen_by_nobody_else_and_the_companys_by_all(company):
    admin, viewer = factories.make_member(company), factories.make_member(company, "viewer")
    SavedView.objects.create(company=company, owner=admin, name="Mine", query="kind=call")
    shared = SavedView.objects.create(company=company, name="Ours", query="kind=text")
    assert tabs(login(admin)) == ["Mine", "Ours"]
    assert tabs(login(viewer)) == ["Ours"]
    mine = SavedView.objects.get(name="Mine")
    assert login(viewer).get(change_url(mine)).status_code == 404
    assert login(factories.make_member(company, "owner")).post(change_url(mine), {"delete": "yes"}).status_code == 404
    assert login(viewer).post(change_url(shared), {"delete": "yes"}).status_code == 404
    assert SavedView.objects.count() == 2


def test_owners_and_admins_share_rename_and_delete(company):
    client = login(factories.make_member(company))
    client.post(f"{ADD}?kind=call", {"name": "Calls", "shared": "on"})
    view = SavedView.objects.get()
    assert (view.owner, view.query) == (None, "kind=call")
    client.post(change_url(view), {"name": "All calls", "shared": "on"})
    view.refresh_from_db()
    assert (view.owner, view.name) == (None, "All calls")
    client.post(change_url(view), {"delete": "yes"})
    assert not SavedView.objects.exists()
    assert sorted(AuditEntry.objects.values_list("act", flat=True)) == ["Deleted a view", *["Saved a view"] * 2]


def test_a_viewer_cannot_share(company):
    client = login(factories.make_member(company, "viewer"))
    assert "shared" not in client.get(f"{ADD}?kind=call").context["form"].fields
    client.post(f"{ADD}?kind=call", {"name": "Calls", "shared": "on"})
    assert SavedView.objects.get().owner is not None


def test_a_name_is_taken_once_and_there_are_so_many_views(company, monkeypatch):
    client = login(factories.make_member(company))
    client.post(f"{ADD}?kind=call", {"name": "Calls"})
    assert "There is a view of that name" in client.post(f"{ADD}?kind=text", {"name": "Calls"}).content.decode()
    monkeypatch.setattr("callhooks_site.activity.view_pages.MOST_VIEWS", 1)
    assert "No more than 1 views can be saved" in client.post(f"{ADD}?kind=text", {"name": "Texts"}).content.decode()
    assert client.post(f"{ADD}?kind=text", {"name": ""}).status_code == 200
    assert SavedView.objects.count() == 1


def test_filters_too_long_to_be_kept_say_so(company):
    client = login(factories.make_member(company))
    answer = client.post(f"{ADD}?q={'%F0%9F%93%9E' * 200}", {"name": "Phones"})
    assert "These filters are too long to be saved" in answer.content.decode()
    assert not SavedView.objects.exists()
    client.post(f"{ADD}?q={'%F0%9F%93%9E' * 80}", {"name": "Phones"})
    assert SavedView.objects.get().name == "Phones"
