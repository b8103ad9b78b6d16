"""What every page shows around its content: the company, the menu, what fails, and who may see which entry."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from subscriptions.admin.kit import menu
from subscriptions.admin.kit.icons import icon
from subscriptions.models import EndpointHealth, Membership
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
HOME = "/admin/"


@pytest.fixture
def company():
    return factories.make_company("Acme")


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def frame(client, url: str = HOME, **asked):
    return client.get(url, asked).context


def note(context) -> str:
    (link,) = [one for group in context["menu"] for one in group.links if one.name == "subscriptions"]
    return link.note


def fail(company, minutes: int) -> None:
    subscription = factories.make_subscription(company, name=f"S{minutes}")
    now = timezone.now()
    EndpointHealth.objects.create(
        subscription=subscription, window_began=now, failing_since=now - timedelta(minutes=minutes)
    )


def test_it_counts_what_has_failed_for_a_while_in_the_own_company(client, company):
    assert note(frame(client)) == ""
    fail(company, 1)  # a restart
    fail(factories.make_company("Other"), 60)
    assert note(frame(client)) == ""
    fail(company, 60)
    assert note(frame(client)) == "1 failing"
    assert "1 failing" in client.get(HOME).content.decode()


def test_a_member_of_one_company_has_nothing_to_choose(client):
    context = frame(client)
    assert (context["switcher"].label, context["switcher"].all_url) == ("Acme", "")
    assert not any("company=" in link.url for group in context["menu"] for link in group.links)


def test_a_chosen_company_stays_chosen_until_another_list_is_opened(company):
    second, foreign = factories.make_company("Second"), factories.make_company("Foreign")
    user = factories.make_member(company)
    Membership.objects.create(company=second, user=user, role="viewer")
    client = login(user)
    deliveries = reverse("admin:subscriptions_delivery_changelist")
    assert frame(client)["switcher"].label == "All companies"
    assert [name for name, _ in frame(client)["switcher"].companies] == ["All companies", "Acme", "Second"]
    chosen = frame(client, deliveries, company=second.pk)
    assert chosen["switcher"].label == "Second"
    (link,) = [one for group in chosen["menu"] for one in group.links if one.name == "people"]
    assert link.url.endswith(f"?company={second.pk}")
    assert frame(client, reverse("admin:event_catalogue"))["switcher"].label == "Second"
    assert frame(client, deliveries)["switcher"].label == "All companies"
    assert frame(client, HOME, company=foreign.pk)["switcher"].label == "All companies"


def test_service_is_for_operators(client):
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    assert "Operators" not in [group.heading for group in frame(client)["menu"]]
    assert [group.heading for group in frame(operator)["menu"]][-1] == "Operators"


def test_an_entry_appears_with_its_first_page(client, monkeypatch):
    def labels() -> list[str]:
        return [link.label for group in frame(client)["menu"] for link in group.links]

    monkeypatch.setattr(menu, "_pages", [page for page in menu._pages if page.entry != "reports"])
    assert "Reports" not in labels()
    menu.add_page(menu.Page("reports", "Reports", "admin:event_catalogue"))
    assert "Reports" in labels()


def test_every_icon_of_the_menu_is_a_file():
    assert all("<path" in icon(entry.icon) or "<line" in icon(entry.icon) for entry in menu.ENTRIES)


def test_the_key_of_two_step_login_is_shown_as_a_picture(client):
    client.post(reverse("admin:second_factor"), {"do": "begin"})
    page = client.get(reverse("admin:second_factor")).content.decode()
    assert '<svg class="qr-code"' in page or 'class="qr-code"' in page
    assert " style=" not in page


def test_missing_events_are_told_once(client):
    page = client.post(reverse("admin:subscriptions_subscription_add"), {"name": "CRM", "url": "https://example.com/"})
    errors = page.context["adminform"].form.errors["events"]
    assert errors == ["Choose at least one event."]


def test_a_test_delivery_says_so_and_leads_nowhere(client, company):
    from subscriptions.endpoints import test_events

    delivery = test_events.send_test(factories.make_subscription(company), "post_call")
    page = client.get(reverse("admin:subscriptions_delivery_change", args=[delivery.pk])).content.decode()
    assert '<span class="tag">Test</span>' in page
    assert "/timeline/" not in page


def test_an_invitation_ends_in_the_time_of_its_company(client, company, mailoutbox):
    from subscriptions.tenancy import members

    invitation, token = members.invite(company=company, email="new@example.com", role="viewer", by=None)
    members.send_invitation(invitation, token)
    ends = timezone.localtime(invitation.expires_at, zoneinfo.ZoneInfo(company.time_zone))
    assert f"{ends:%H:%M} {ends.tzname()}" in mailoutbox[0].body
