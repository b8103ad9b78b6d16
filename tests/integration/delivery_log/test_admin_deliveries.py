"""The log in the admin: found, read in words, sent again, cancelled."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from subscriptions.admin.kit import bounded_lists
from subscriptions.endpoints import operations
from subscriptions.models import AuditEntry, Delivery, Event
from tests.integration.delivery_log.support import LIST, found, put, told, tried, url
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ["Waiting", "now"]),
        ({"claim": uuid4(), "attempts": 1}, ["Being sent"]),
        (
            {"attempts": 4, "reason": "Timed out after 15 s."},
            ["Trying again", "4 of 10", "Timed out after 15 s."],
        ),
        ({"attempts": 14, "round_began_after": 10, "status_code": 503}, ["4 of 10", "Unavailable (503)"]),
        ({"state": "delivered", "attempts": 1, "status_code": 204}, ["Delivered", "Accepted (204)"]),
        ({"state": "failed", "attempts": 10, "status_code": 404}, ["Failed", "Not found (404)", "10"]),
        (
            {"state": "failed", "reason": "We stopped trying after 10 attempts. The server's certificate expired."},
            ["expired"],
        ),
        ({"state": "held", "reason": "The subscription is paused."}, ["Held", "The subscription is paused."]),
        ({"state": "cancelled", "status_code": 500, "reason": "Cancelled on request."}, ["Cancelled on request."]),
    ],
)
def test_the_list_says_in_words_how_it_stands(client, delivery, fields, words):
    put(delivery, **fields)
    shown = client.get(LIST).content.decode()
    for word in [*words, "Post-Call", "CRM"]:
        assert word in shown, word


def test_nobody_edits_adds_or_deletes_a_line_of_the_log(client, delivery):
    from django.contrib.auth.models import User

    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    for somebody in (client, operator):
        assert somebody.get(reverse("admin:subscriptions_delivery_add")).status_code == 403
        assert somebody.post(url(delivery), {"state": "delivered"}).status_code == 403
        assert somebody.post(url(delivery, "delete"), {"post": "yes"}).status_code == 403
        assert filled_in(somebody.get(url(delivery)).content.decode()) == {}
    assert Delivery.objects.get().state == "pending"


def test_the_page_tells_each_attempt_and_what_comes_next(client, delivery):
    tried(delivery, 1, status_code=500, response_headers=[["Server", "nginx"]], response_body=b"<h1>Oh no</h1>")
    tried(delivery, 2, error="timeout", message="Timed out after 15 s.")
    put(delivery, attempts=2, due_at=timezone.now() + timedelta(minutes=5, seconds=2), reason="Timed out after 15 s.")
    shown = client.get(url(delivery)).content.decode()
    assert "Attempt 3 of 10 at" in shown
    assert "in 5 min" in shown
    assert shown.index("Timed out after 15 s.") < shown.index("Server error (500)")
    assert "took 15.0 s" in shown
    assert f"<b>webhook-id:</b> {delivery.event.webhook_id}" in shown
    assert "<b>Server:</b> nginx" in shown
    assert "&lt;h1&gt;Oh no&lt;/h1&gt;" in shown
    assert "<h1>Oh no" not in shown


def test_the_page_shows_the_body_pretty_and_as_it_was_sent(client, delivery):
    from django.utils.html import escape

    shown = client.get(url(delivery)).content.decode()
    assert escape('  "call_type": "answered",\n') in re.sub("</?span[^>]*>", "", shown)
    assert '<span class="k">&quot;call_type&quot;</span>: <span class="s">&quot;answered&quot;</span>,' in shown
    assert escape(bytes(delivery.event.body).decode()) in shown


@pytest.mark.parametrize("body", [b"\x00\xff\xfe" * 99, b'{"a": "\\ud800"}', b"\xf0\x9f\x91\x8b", b""])
def test_whatever_was_answered_can_be_shown(client, delivery, body):
    tried(delivery, status_code=500, response_body=body)
    assert client.get(url(delivery)).status_code == 200


def test_the_first_words_of_many_attempts_are_shown(client, delivery):
    for number in range(1, 61):
        tried(delivery, number, status_code=500)
    put(delivery, attempts=60, round_began_after=55)
    assert "10 earlier attempts are not shown" in client.get(url(delivery)).content.decode()


def test_it_is_sent_again_and_that_is_written_down(client, delivery):
    put(delivery, state="failed", attempts=10, status_code=404)
    answer = client.post(url(delivery, "resend"), follow=True)
    assert "1 webhook will be sent again." in told(answer)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.round_began_after) == ("pending", 10)
    assert LogEntry.objects.get().change_message == "Sent again."


def test_it_is_cancelled(client, delivery):
    client.post(url(delivery, "cancel"))
    delivery.refresh_from_db()
    assert delivery.state == "cancelled"


def test_buttons_are_there_when_they_make_sense(client, delivery, subscription):
    def offered() -> list[str]:
        return [button.label for button in client.get(url(delivery)).context["buttons"]]

    assert offered() == ["Cancel"]
    put(delivery, claim=uuid4())
    assert offered() == []
    put(delivery, state="failed", claim=None)
    assert offered() == ["Send again"]
    operations.pause(subscription)
    assert offered() == []
    assert "resume “CRM” first" in client.get(url(delivery)).content.decode()


def test_many_are_sent_again_from_the_list(client, company, delivery):
    second = factories.ended_call(company)
    put(delivery, state="failed", attempts=10)
    pending = Delivery.objects.get(event__subject_id=second.resource_id)
    chosen = {"action": "resend_selected", "_selected_action": [delivery.pk, pending.pk], "index": 0}
    answer = client.post(LIST, chosen, follow=True)
    assert "1 webhook will be sent again. 1 webhook skipped: already waiting" in told(answer)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}


def test_many_are_cancelled_from_the_list(client, company, delivery):
    factories.ended_call(company)
    chosen = {"action": "cancel_selected", "_selected_action": [row.pk for row in Delivery.objects.all()], "index": 0}
    assert "2 webhooks cancelled." in told(client.post(LIST, chosen, follow=True))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}
    assert LogEntry.objects.count() == 2


def test_all_pages_at_once_are_refused(client, delivery):
    chosen = {"action": "cancel_selected", "_selected_action": [delivery.pk], "select_across": "1", "index": 0}
    assert "one page at a time" in told(client.post(LIST, chosen, follow=True))
    assert Delivery.objects.get().state == "pending"


def test_a_viewer_is_offered_nothing_to_do(company, delivery):
    viewer = login(factories.make_member(company, "viewer"))
    put(delivery, state="failed")
    assert viewer.get(LIST).context["action_form"] is None
    assert viewer.get(url(delivery)).context["buttons"] == []
    assert viewer.post(url(delivery, "resend")).status_code == 403


def test_it_is_found_by_every_id_and_by_phone(client, company, call, delivery):
    factories.ended_call(company, customer_phone_number="+12145550177")
    for term in (
        str(delivery.pk),
        delivery.event.webhook_id,
        delivery.event.id.hex,
        str(delivery.event.id),
        call.resource_id,
        "+12145550123",
        "(214) 555-0123",
        " 2145550123 ",
    ):
        assert found(client, q=term) == {delivery.pk}, term
    assert found(client, q="214555") == found(client, q="evt_") == found(client, q="CAL") == set()
    assert found(client, q="\x00") == {row.pk for row in Delivery.objects.all()}


def test_texts_and_forms_are_found_by_their_persons_phone(client, company, subscription):
    factories.make_text(company, customer_phone_number="+12145550166")
    factories.make_form(company, form_data={"phone": "214-555-0166"})
    assert len(found(client, q="+12145550166")) == 2


def test_the_list_opens_with_the_last_day_and_a_search_looks_at_all(client, delivery):
    put(delivery, created_at=timezone.now() - timedelta(days=3))
    assert found(client) == set()
    assert found(client, since="24h") == set()
    assert found(client, since="7d") == found(client, since="all") == {delivery.pk}
    assert found(client, q=str(delivery.pk)) == {delivery.pk}


def test_the_list_is_filtered(client, company, delivery, subscription):
    other = factories.make_subscription(company, name="Other", events=["form_submission"])
    factories.make_form(company)
    mine = {delivery.pk}
    assert found(client, type="post_call") == mine
    assert found(client, subscription=other.pk) == set(
        Delivery.objects.filter(subscription=other).values_list("pk", flat=True)
    )
    put(delivery, state="failed")
    assert found(client, state="failed") == mine
    assert found(client, subscription="x") == found(client, state="nonsense") == set()


def test_the_count_goes_no_further_than_its_bound(client, company, subscription, monkeypatch):
    monkeypatch.setattr(bounded_lists, "COUNT_LIMIT", 3)
    for _ in range(5):
        factories.ended_call(company)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown = client.get(LIST).content.decode()
    assert "More than 3 deliveries" in shown
    asked = [query["sql"] for query in queries]
    counts = [sql for sql in asked if "COUNT(*)" in sql and "subscriptions_delivery" in sql]
    assert counts
    assert all("LIMIT 4" in sql for sql in counts)


def test_the_list_reads_no_bodies_and_no_secrets(client, company, subscription):
    for _ in range(10):
        factories.ended_call(company)
    with CaptureQueriesContext(connection) as queries:
        assert len(client.get(LIST).context["cl"].result_list) == 10
    assert len(queries) <= 12, [query["sql"] for query in queries]
    for query in queries:
        for column in ('"body"', '"secret"', '"previous_secret"', '"signing_key"', "response_body"):
            assert column not in query["sql"], query["sql"]


def test_an_event_shows_its_body_and_its_deliveries(client, call, delivery):
    put(delivery, state="failed", status_code=404)
    event = Event.objects.get()
    listed = client.get(reverse("admin:subscriptions_event_changelist")).content.decode()
    assert "Post-Call" in listed
    assert "1 failed" in listed
    shown = client.get(reverse("admin:subscriptions_event_change", args=[event.pk])).content.decode()
    assert "Not found (404)" in shown
    assert event.webhook_id in shown
    assert reverse("admin:calls_call_timeline", args=[call.resource_id]) in shown
    assert reverse("admin:subscriptions_delivery_change", args=[delivery.pk]) in shown


def test_an_event_that_nobody_takes_says_so(client, company):
    factories.ended_call(company)
    assert "No subscription receives it" in client.get(reverse("admin:subscriptions_event_changelist")).content.decode()


def test_answers_are_found_by_their_class(client, delivery):
    put(delivery, attempts=1, status_code=404)
    assert found(client, answer="4xx") == {delivery.pk}
    assert found(client, answer="5xx") == found(client, answer="none") == set()
    put(delivery, status_code=None)
    assert found(client, answer="none") == {delivery.pk}
    put(delivery, attempts=0)
    assert found(client, answer="none") == set()


def test_the_page_says_what_to_do_what_was_signed_and_how_to_repeat_it(client, delivery):
    attempt = tried(delivery, error="tls_expired", message="The server's certificate expired.")
    attempt.request_headers += [["webhook-timestamp", "1700000000"], ["Signature", "c2ln"]]
    attempt.save()
    put(delivery, attempts=1)
    shown = html.unescape(client.get(url(delivery)).content.decode())
    assert "Renew the server's certificate" in shown
    assert f"{delivery.event.webhook_id}.1700000000." in shown
    assert "curl --request POST" in shown
    assert "--header 'Signature: c2ln'" in shown
    put(delivery, state="delivered", status_code=200)
    assert "Renew" not in client.get(url(delivery)).content.decode()


def test_all_pages_at_once_become_one_job(client, delivery, subscription):
    put(delivery, state="failed")
    chosen = {"action": "resend_selected", "_selected_action": [delivery.pk], "select_across": "1", "index": 0}
    answer = client.post(f"{LIST}?state=failed&subscription={subscription.pk}&since=7d", chosen)
    assert answer.headers["Location"].startswith(reverse("admin:subscriptions_resendjob_add"))
    form = filled_in(client.get(answer.headers["Location"]).content.decode())
    assert (form["subscription"], form["states"]) == ([str(subscription.pk)], ["failed"])
    # A job knows no events: what it cannot mean it does not pretend to.
    assert "one page at a time" in told(client.post(f"{LIST}?type=post_call", chosen, follow=True))


def test_an_event_is_sent_again_to_all_that_were_told(client, company, call, delivery):
    second = factories.make_subscription(company, name="Second")
    put(delivery, state="delivered", status_code=200)
    event = delivery.event
    Delivery.objects.create(company=company, event=event, subscription=second, state="failed")
    page = reverse("admin:subscriptions_event_change", args=[event.pk])
    assert "Send again to all" in client.get(page).content.decode()
    answer = client.post(reverse("admin:subscriptions_event_replay", args=[event.pk]), follow=True)
    assert "Sending again to 2 subscriptions." in told(answer)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert "Send again to all" not in client.get(page).content.decode()
    assert AuditEntry.objects.get(act="Sent again").detail == "To 2 of 2 subscriptions"


def test_what_is_done_to_deliveries_stands_in_the_audit_log(client, company, delivery):
    put(delivery, state="failed")
    client.post(url(delivery, "resend"))
    factories.ended_call(company)
    chosen = {"action": "cancel_selected", "_selected_action": [row.pk for row in Delivery.objects.all()], "index": 0}
    client.post(LIST, chosen)
    one, many = AuditEntry.objects.order_by("pk")
    assert (one.act, one.object_id, one.company_id) == ("Sent again", str(delivery.pk), company.pk)
    assert (many.act, many.detail, many.company_id) == ("Cancelled", "2 webhooks selected in the list", company.pk)
