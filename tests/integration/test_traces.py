"""A traced event: one trace from the request that published it to the answer of its receiver, and what it tells."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from forms_intake.models import FormSource
from subscriptions.endpoints.test_events import send_test
from subscriptions.models import Delivery, Event
from subscriptions.tracing import exporter, spans, trace_ids
from tests.support.api import program
from tests.support.collector import Collector, running_collector
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_company, make_form, make_subscription
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

SERVER, CLIENT, PRODUCER = 2, 3, 4  # kinds of spans
FORM = {"form_data": {"name": "Zoë Marker", "email": "marker@example.com", "phone": "214-555-0123"}}
OUTSIDE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spans, "on", True)
    middleware = ["callhooks_site.request_spans.trace_requests", *settings.MIDDLEWARE]
    with (
        running_collector() as collector,
        override_settings(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY=20, MIDDLEWARE=middleware),
    ):
        yield collector
        stop_exporting()


def stop_exporting() -> None:
    if exporter._processor is not None:
        exporter._processor.shutdown()
        exporter._processor = None


@pytest.fixture
def company(receiver: Receiver):
    company = make_company("Marker Roofing")
    make_subscription(company, url=f"{receiver.url}/marker?token=marker-token", events=["form_submission"])
    return company


def post_form(company, body=FORM, path="/api/v1/forms/", **headers: str) -> None:
    answer = program(company).post(path, body, format="json", headers=headers)
    assert answer.status_code < 300, answer.content


def test_one_trace_from_the_request_to_the_answer(collector: Collector, company, receiver: Receiver):
    post_form(company)
    drain_until(nothing_pending)

    found = {span.kind: span for span in collector.wait_for(3)}
    assert len(collector.spans) == 3
    request, publishing, attempt = (found[kind] for kind in (SERVER, PRODUCER, CLIENT))
    event, delivery = Event.objects.get(), Delivery.objects.get()
    assert {span.trace for span in collector.spans} == {event.id.hex}
    assert [request.parent, publishing.parent, attempt.parent] == ["", request.id, publishing.id]
    names = ["POST api-form-list", "publish form_submission", "deliver form_submission"]
    assert [request.name, publishing.name, attempt.name] == names
    assert request.began <= publishing.began <= publishing.ended <= request.ended
    # The web server's clock and the database's may be apart, but not on one machine.
    assert request.began < attempt.began < attempt.ended
    assert request.attributes["http.response.status_code"] == 201
    assert publishing.attributes["callhooks.event_id"] == event.webhook_id
    assert attempt.attributes.pop("callhooks.waited_ms") >= 0
    assert attempt.attributes == {
        "callhooks.company_id": company.resource_id,
        "callhooks.subscription_id": delivery.subscription_id,
        "callhooks.delivery_id": delivery.pk,
        "callhooks.attempt": 1,
        "callhooks.outcome": "delivered",
        "http.response.status_code": 200,
    }
    assert not any(span.failed for span in collector.spans)
    assert request.resource["service.name"] == "callhooks"


def test_a_receiver_that_asks_for_it_continues_the_trace(collector: Collector, company, receiver: Receiver):
    company.subscriptions.update(send_traceparent=True)
    post_form(company)
    drain_until(nothing_pending)

    (attempt,) = collector.wait_for(1, lambda span: span.kind == CLIENT)
    assert receiver.got[0].headers["traceparent"] == f"00-{attempt.trace}-{attempt.id}-01"


def test_a_receiver_that_does_not_ask_gets_no_new_header(collector: Collector, company, receiver: Receiver):
    make_form(company)
    drain_until(nothing_pending)
    assert not [name for name in receiver.got[0].headers if name.lower().startswith("trace")]


def test_what_is_not_traced_is_sent_as_not_sampled(company, receiver: Receiver):
    company.subscriptions.update(send_traceparent=True)
    make_form(company)
    drain_until(nothing_pending)
    sent = receiver.got[0].headers["traceparent"]
    assert sent.startswith(f"00-{Event.objects.get().id.hex}-")
    assert sent.endswith("-00")


def test_it_tells_nothing_but_ids(collector: Collector, company, receiver: Receiver):
    receiver.answer = lambda got: (500, {"X-Marker": "marker"}, b"marker")
    post_form(company, **{"X-Request-Id": "marker-request", "Referer": "https://example.com/marker"})
    drain_until(lambda: bool(Delivery.objects.get().attempts))

    collector.wait_for(1, lambda span: span.kind == CLIENT)
    # Not "555" alone: it may be in any id.
    for told in ("arker", "214-555", "555-0123", "2145550123", "127.0.0.1", "whsec", "hooks/"):
        assert told.encode() not in collector.raw.replace(b"callhooks/", b"")


def test_each_attempt_has_its_spans(collector: Collector, company, receiver: Receiver):
    answers = iter([503, 200])
    receiver.answer = lambda got: (next(answers), {}, b"")
    post_form(company)
    drain_until(lambda: Delivery.objects.get().state == Delivery.State.DELIVERED)

    attempts = collector.wait_for(2, lambda span: span.kind == CLIENT)
    assert [(span.attributes["callhooks.attempt"], span.failed) for span in attempts] == [(1, True), (2, False)]
    assert attempts[0].attributes["error.type"] == "503"
    assert "error.type" not in attempts[1].attributes
    assert len({span.id for span in collector.spans}) == len(collector.spans) == 4
    assert len({span.trace for span in collector.spans}) == 1


def test_a_second_event_of_a_request_has_a_trace_of_its_own_with_a_link(collector: Collector, company):
    post_form(company, {"items": [FORM, FORM]}, path="/api/v1/forms/batch/")

    (request,) = collector.wait_for(1, lambda span: span.kind == SERVER)
    first, second = collector.wait_for(2, lambda span: span.kind == PRODUCER)
    assert {first.trace, second.trace} == {event.id.hex for event in Event.objects.all()}
    assert (first.trace, first.parent, first.links) == (request.trace, request.id, [])
    assert (second.parent, second.links) == ("", [(request.trace, request.id)])


def test_events_of_one_request_to_a_receiver_are_linked_to_the_attempt_that_led(collector, company, receiver):
    company.subscriptions.update(batch_events=2, batch_seconds=1, send_traceparent=True)
    post_form(company, {"items": [FORM, FORM]}, path="/api/v1/forms/batch/")
    drain_until(nothing_pending)

    attempts = collector.wait_for(2, lambda span: span.kind == CLIENT)
    assert len(receiver.got) == 1
    (led,) = (span for span in attempts if span.links == [])
    (other,) = (span for span in attempts if span.links)
    assert other.links == [(led.trace, led.id)]
    assert led.trace != other.trace
    assert receiver.got[0].headers["traceparent"] == f"00-{led.trace}-{led.id}-01"


def test_a_test_event_is_traced_like_any(collector: Collector, company, receiver: Receiver):
    send_test(company.subscriptions.get(), "form_submission")
    drain_until(nothing_pending)
    found = {span.kind: span for span in collector.wait_for(2)}
    assert found[CLIENT].parent == found[PRODUCER].id


def test_what_is_published_outside_of_requests_begins_its_own_trace(collector: Collector, company):
    make_form(company)
    (span,) = collector.wait_for(1)
    assert (span.kind, span.parent, span.trace) == (PRODUCER, "", Event.objects.get().id.hex)


def test_what_was_rolled_back_was_never_published(collector: Collector, company):
    with transaction.atomic():
        make_form(company)
        transaction.set_rollback(True)
    make_form(company)
    assert len(collector.wait_for(1)) == 1
    assert collector.spans[0].trace == Event.objects.get().id.hex


def test_a_request_that_publishes_nothing_is_not_traced(collector: Collector, company):
    program(company).get("/api/v1/forms/")
    post_form(company)
    assert [span.name for span in collector.wait_for(2)] == ["publish form_submission", "POST api-form-list"]


def test_a_caller_with_a_key_is_linked_and_decides_nothing(collector: Collector, company):
    post_form(company, traceparent=OUTSIDE)
    (request,) = collector.wait_for(1, lambda span: span.kind == SERVER)
    assert request.links == [tuple(OUTSIDE.split("-")[1:3])]
    assert (request.trace, request.parent) == (Event.objects.get().id.hex, "")


def test_a_caller_without_a_key_is_not_even_linked(collector: Collector):
    site = "https://www.example.com"
    source = FormSource.objects.create(company=make_company(), name="Site", allowed_origins=site)
    url = reverse("form-endpoint", args=[source.public_key])
    answer = Client().post(url, {"name": "Ann"}, headers={"Origin": site, "traceparent": OUTSIDE})
    assert answer.status_code < 400, answer.content
    (request,) = collector.wait_for(1, lambda span: span.kind == SERVER)
    assert (request.links, request.parent) == ([], "")


def test_what_is_no_trace_context_is_ignored(collector: Collector, company):
    post_form(company, traceparent="00-nonsense")
    (request,) = collector.wait_for(1, lambda span: span.kind == SERVER)
    assert request.links == []


def test_a_caller_cannot_have_itself_traced(collector: Collector, company, monkeypatch):
    monkeypatch.setattr(spans, "_share", 0.0)
    post_form(company, traceparent=OUTSIDE)
    monkeypatch.setattr(spans, "_share", 1.0)
    make_form(company)
    (span,) = collector.wait_for(1)
    assert span.trace == Event.objects.order_by("-id")[0].id.hex


def test_a_share_of_events_is_traced_whole_or_not_at_all(collector: Collector, company, receiver, monkeypatch):
    monkeypatch.setattr(spans, "_share", 0.5)
    for _ in range(12):
        make_form(company)
    drain_until(nothing_pending)
    wanted = {event.hex for event in Event.objects.values_list("id", flat=True) if trace_ids.is_sampled(event, 0.5)}
    collector.wait_for(2 * len(wanted))
    assert {span.trace for span in collector.spans} == wanted
    assert len(collector.spans) == 2 * len(wanted)


def test_a_collector_that_is_down_is_said_once_and_costs_nothing(collector, company, monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
    caplog.set_level(logging.INFO)
    with running_collector() as gone:
        port = int(gone.url.rpartition(":")[2])
    with override_settings(OTEL_EXPORTER_OTLP_ENDPOINT=gone.url):
        for _ in range(3):
            make_form(company)
            exporter.flush()
        with running_collector(port) as back:
            make_form(company)
            back.wait_for(1)
            exporter.flush()
    said = [record.getMessage() for record in caplog.records if "ollector" in record.getMessage()]
    assert len(said) == 2, said
    assert f"127.0.0.1:{port} takes none" in said[0]
    assert "again" in said[1]
    others = [record.name for record in caplog.records if record.name.startswith("opentelemetry")]
    assert others == []
