"""The log tells whom a webhook is about, what becomes of it, and where to go on from here."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from subscriptions.endpoints import test_events
from subscriptions.models import EndpointHealth
from tests.integration.delivery_log.support import LIST, put, url
from tests.support import factories

pytestmark = pytest.mark.django_db


def test_each_is_about_somebody_and_tests_are_marked(client, company, subscription):
    factories.ended_call(company, customer_name="Ann Example", customer_phone_number="+12145550123")
    shown = client.get(LIST).content.decode()
    assert re.search(r'<a class="main" href="[^"]*/timeline/CAL[^"]*">Ann Example</a>', shown)
    assert '<span class="tag">Test</span>' not in shown
    test_events.send_test(subscription, "post_call")
    assert '<span class="tag">Test</span>' in client.get(LIST).content.decode()
    assert "Ann Example" in client.get(reverse("admin:subscriptions_event_changelist")).content.decode()


def test_while_its_server_is_left_alone_it_says_until_when(client, delivery, subscription):
    until = timezone.now() + timedelta(minutes=7)
    now = timezone.now()
    EndpointHealth.objects.create(subscription=subscription, window_began=now, open_until=until, opened=3)
    put(delivery, due_at=now - timedelta(minutes=5), attempts=1)
    assert until.isoformat() in client.get(LIST).content.decode()
    page = client.get(url(delivery)).content.decode()
    assert re.search(r"keeps failing. Sending stops until \d\d:\d\d:\d\d, in [67] min", page)
    EndpointHealth.objects.update(retry_after_until=until)
    assert re.search(
        r"asked for a pause. Sending stops until \d\d:\d\d:\d\d, in [67] min",
        client.get(url(delivery)).content.decode(),
    )
    EndpointHealth.objects.update(open_until=now - timedelta(seconds=1))
    assert "follows shortly" in client.get(url(delivery)).content.decode()


def test_its_page_follows_what_becomes_of_it(client, delivery):
    page = client.get(url(delivery)).content.decode()
    mark = re.search(r'data-live-state="([^"]+)"', page)
    assert mark is not None
    assert client.get(url(delivery, "state")).json() == {"state": mark[1]}
    put(delivery, state="delivered", attempts=1)
    assert client.get(url(delivery, "state")).json() != {"state": mark[1]}
    assert "data-live-state" not in client.get(url(delivery)).content.decode()


def test_sending_again_keeps_the_way_back_to_the_list_as_it_was_filtered(client, delivery):
    put(delivery, state="failed", attempts=10)
    kept = "_changelist_filters=state%3Dfailed"
    page = client.get(f"{url(delivery)}?{kept}").content.decode()
    assert f'action="{url(delivery, "resend")}?{kept}"' in page
    assert client.post(f"{url(delivery, 'resend')}?{kept}").headers["Location"] == f"{url(delivery)}?{kept}"


def test_send_many_again_begins_with_the_filters_of_the_list(client, subscription):
    shown = html.unescape(client.get(LIST, {"subscription": subscription.pk, "state": "failed"}).content.decode())
    link = re.search(r'href="([^"]*)">(?:<svg.*?</svg>)?Send many again', shown)
    assert link is not None
    assert f"subscription={subscription.pk}&states=failed" in link[1]


def test_an_empty_list_says_what_to_do(client, delivery):
    assert "No results for these filters" in client.get(LIST, {"state": "held"}).content.decode()
    assert "No results" in client.get(LIST, {"q": "Ann"}).content.decode()
