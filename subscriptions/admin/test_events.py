"""Test events: choose an event type, send it, and see the response."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse

from ..endpoints import test_events
from ..events import catalogue
from ..lib.errors import ActionRefused
from ..models import Attempt, Delivery, Subscription
from ..tenancy import audit_log
from . import advice
from .kit import bodies, labels, times
from .kit.buttons import ButtonsAdmin, button

State = Delivery.State


class TestEventAdmin(ButtonsAdmin):
    """`<id>/test/` asks for the event type. `<id>/test/<delivery>/` shows the result."""

    def get_urls(self) -> list[URLPattern]:
        result, state = self.admin_site.admin_view(self.result_view), self.admin_site.admin_view(self.state_view)
        name = self._url("test_result")
        return [
            path("<path:object_id>/test/<int:delivery_id>/", result, name=name),
            path("<path:object_id>/test/<int:delivery_id>/state/", state, name=f"{name}_state"),
            *super().get_urls(),
        ]

    @button("Send a test…", opens_page=True, icon="send")
    def test(self, request: HttpRequest, obj: Subscription) -> HttpResponse:
        chosen = request.POST.get("type", "")
        if request.method == "POST" and (delivery := send_from_page(self, request, obj, chosen)) is not None:
            return HttpResponseRedirect(result_url(delivery))
        types = [
            {
                "type": event_type,
                "subscribed": event_type.name in obj.events,
                "checked": event_type.name == default_event(obj),
            }
            for event_type in catalogue.all_types()
            if event_type.example is not None
        ]
        return self.render_page(
            request,
            obj,
            "test_event.html",
            {
                "types": types,
                "active": obj.state == Subscription.State.ACTIVE,
                "removed": obj.state == Subscription.State.ARCHIVED,
            },
        )

    def result_view(self, request: HttpRequest, object_id: str, delivery_id: int) -> HttpResponse:
        subscription, delivery = self._found(request, object_id, delivery_id)
        if (refused := self.refuse_unless_read(request, subscription)) is not None:
            return refused
        newest = Attempt.objects.filter(delivery=delivery).order_by("-number").first()
        failed = newest is not None and newest.outcome == Attempt.Outcome.FAILED
        return self.render_page(
            request,
            subscription,
            "test_event_result.html",
            {
                "delivery": delivery,
                "label": catalogue.label(delivery.event.type),
                "subscribed": delivery.event.type in subscription.events,
                "state": labels.badge(labels.state_label(delivery), labels.state_tone(delivery)),
                "happened": labels.outcome_label(delivery),
                "next_step": labels.describe_next_step(delivery),
                "advice": advice.find_advice(newest.status_code, newest.error) if newest and failed else "",
                "symptom": advice.find_symptom(newest.status_code, newest.error) if newest else "",
                "took": times.format_milliseconds(newest.duration_ms) if newest else "",
                "response": _read_response(newest) if newest else "",
                "watched": labels.change_marker(delivery),
                "waits": delivery.state == State.PENDING,
                "state_url": f"{result_url(delivery)}state/",
                "delivery_url": reverse("admin:subscriptions_delivery_change", args=[delivery.pk]),
                "again_url": reverse("admin:subscriptions_subscription_test", args=[subscription.pk]),
                "may_again": self.has_operate_permission(request, subscription),
            },
        )

    def state_view(self, request: HttpRequest, object_id: str, delivery_id: int) -> HttpResponse:
        """JSON for the page's script, which reloads the page when `state` changes."""
        subscription, delivery = self._found(request, object_id, delivery_id)
        if (refused := self.refuse_unless_read(request, subscription)) is not None:
            return refused
        return JsonResponse({"state": labels.change_marker(delivery)})

    def _found(self, request: HttpRequest, object_id: str, delivery_id: int) -> tuple[Subscription, Delivery]:
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such subscription.")
        rows = Delivery.objects.filter(subscription=obj, event__test=True)
        delivery = (
            rows.select_related("event", "subscription__health").defer("event__body").filter(pk=delivery_id).first()
        )
        if delivery is None:
            raise Http404("There is no such test event.")
        return obj, delivery


def send_from_page(admin: Any, request: HttpRequest, subscription: Subscription, event_type: str) -> Delivery | None:
    """Send a test event and record it in the audit log. Returns None and shows a message if that is not possible."""
    try:
        delivery = test_events.send_test(subscription, event_type)
    except LookupError:
        admin.message_user(request, "Choose an event.", messages.ERROR)
    except ActionRefused as reason:
        admin.message_user(request, str(reason), messages.ERROR)
    else:
        detail = catalogue.label(event_type)
        audit_log.record(audit_log.Actor.person(request.user), "Sent a test event", subscription, detail=detail)
        return delivery
    return None


def result_url(delivery: Delivery) -> str:
    return reverse("admin:subscriptions_subscription_test_result", args=[delivery.subscription_id, delivery.pk])


def default_event(subscription: Subscription) -> str:
    """The preselected event type: the first in the catalogue that the subscription includes."""
    return next((one.name for one in catalogue.all_types() if one.name in subscription.events and one.example), "")


def _read_response(attempt: Attempt) -> str:
    return bodies.decode_answer(bytes(attempt.response_body), attempt.response_headers)[0]
