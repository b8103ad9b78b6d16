"""The docs are pages of the admin: for whoever is logged in, safe to show, with links that lead somewhere."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from callhooks_site.guide import books, rendering
from subscriptions.admin import advice
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return login(factories.make_member(factories.make_company(), "viewer"))


def page(client: Client, name: str) -> str:
    answer = client.get(reverse("admin:guide_page", args=[name]))
    assert answer.status_code == 200, name
    return answer.content.decode()


def test_every_page_opens_and_each_of_its_links_leads_somewhere(admin_client):
    anchors, links = {}, {}
    for book in books.BOOKS:
        html = page(admin_client, book.name)
        body = html[html.index("<article") :]
        anchors[reverse("admin:guide_page", args=[book.name])] = set(re.findall(r' id="([^"]+)"', body))
        links[book.name] = re.findall(r'(?:href|src)="([^"]+)"', body)
        assert "<script" not in body, book.name
        assert " style=" not in body, book.name
    for name, found in links.items():
        for link in found:
            if re.match(r"https?:|mailto:", link):
                continue
            path, _, anchor = link.partition("#")
            path = path or reverse("admin:guide_page", args=[name])
            if anchor:
                assert anchor in anchors[path], (name, link)
            elif path not in anchors:
                assert admin_client.get(path).status_code == 200, (name, link)


def test_raw_html_of_a_document_is_shown_as_text(tmp_path, monkeypatch):
    file = tmp_path / "evil.md"
    file.write_text("# T\n\n<script>alert(1)</script> [x](javascript:alert(1))\n\n## A <b>b</b>\n\n```\n<i>\n```\n")
    monkeypatch.setattr(books, "DOCS", tmp_path)
    rendered = rendering.render(books.Book("evil", "evil.md", "Evil", "", ""))
    assert not re.findall(r"<(?:script|b|i)>|href=.javascript", rendered.html)
    assert "&lt;script&gt;" in rendered.html


def test_only_who_is_logged_in_reads_it_and_operators_pages_are_for_operators(member, admin_client):
    for address in (
        reverse("admin:guide"),
        reverse("admin:guide_page", args=["guide"]),
        reverse("admin:guide_picture", args=["home.png"]),
    ):
        assert Client().get(address).status_code == 302
        assert member.get(address).status_code == 200
    assert member.get(reverse("admin:guide_page", args=["settings"])).status_code == 404
    assert page(admin_client, "settings")
    assert "Deployment" not in member.get(reverse("admin:guide")).content.decode()


@pytest.mark.parametrize("name", ["none.png", "..png", "path.svgx", "%2e%2e%2fsettings.md"])
def test_nothing_but_pictures_of_the_folder_is_served(member, name):
    assert member.get(f"/admin/guide/pictures/{name}").status_code == 404


def test_words_are_found_in_their_section(member):
    found = member.get(reverse("admin:guide"), {"q": "CERTIFICATE expired"}).content.decode()
    assert f"{reverse('admin:guide_page', args=['troubleshooting'])}#its-certificate-is-not-accepted" in found
    assert "<mark>" in found
    assert "Nothing found" in member.get(reverse("admin:guide"), {"q": "<b>zebra"}).content.decode()


def test_every_reason_why_a_webhook_failed_has_its_symptom():
    book = books.find("troubleshooting", operator=False)
    assert book is not None
    anchors = {heading.anchor for heading in rendering.render(book).headings}
    asked = {advice.find_symptom(None, error) for error in [*advice._ERRORS, "unknown"]}
    asked |= {advice.find_symptom(status, "") for status in (200, 301, *range(400, 430), 500, 503, 599)}
    assert asked <= anchors
    assert advice._ERRORS.keys() == advice.SYMPTOMS.keys()


def test_empty_lists_and_the_menu_lead_to_it(member):
    html = member.get(reverse("admin:subscriptions_subscription_changelist")).content.decode()
    assert reverse("admin:guide") in html
    target = "guide/guide/#from-the-first-subscription-to-the-first-webhook"
    assert target in html
    assert target.partition("#")[2] in page(member, "guide")
