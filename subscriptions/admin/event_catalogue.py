"""The event catalogue: each type with its fields and an example, and a button to send a test. Fields and examples come
from the payload serializers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from ..events import catalogue, versions
from ..events.payload_schemas import build_schema
from ..lib.schema_words import describe_kind
from ..models import Company, Delivery, Subscription
from ..tenancy.access import access_of
from . import test_events
from .kit.searched_choices import is_id, search_in
from .resend_form import SubscriptionChoice


class TestForm(forms.Form):
    subscription = SubscriptionChoice(Subscription.objects.none(), empty_label=None)

    def __init__(self, rows: QuerySet[Subscription], *, several: bool) -> None:
        super().__init__()
        field: Any = self.fields["subscription"]
        field.queryset, field.several = rows, several
        search_in(field, Delivery._meta.get_field("subscription"))


@dataclass(frozen=True)
class Row:
    """A field of a payload. `kind`: its type in words. `example`: its value in the example, as JSON."""

    name: str
    kind: str
    example: str
    optional: bool
    description: str


def urls(site: AdminSite) -> list[URLPattern]:
    def overview(request: HttpRequest) -> HttpResponse:
        _require_access(request)
        context = {"title": "Event catalogue", "types": catalogue.all_types()}
        return TemplateResponse(request, "admin/catalogue/overview.html", {**site.each_context(request), **context})

    def one(request: HttpRequest, name: str) -> HttpResponse:
        return _type_page(site, request, name)

    return [
        path("catalogue/", site.admin_view(overview), name="event_catalogue"),
        path("catalogue/<str:name>/", site.admin_view(one), name="event_type"),
    ]


def _require_access(request: HttpRequest) -> None:
    if not access_of(request).may_read_some():
        raise PermissionDenied


def _type_page(site: AdminSite, request: HttpRequest, name: str) -> HttpResponse:
    _require_access(request)
    try:
        event_type = catalogue.get(name)
    except LookupError:
        raise Http404(f"There is no event type {name}.") from None
    form = TestForm(_list_sendable(request), several=access_of(request).several)
    if request.method == "POST":
        chosen = request.POST.get("subscription", "")
        answer = _send_test(site, request, event_type, chosen)
        if answer is not None:
            return answer
    context = {
        "title": event_type.label,
        "type": event_type,
        "versions": [_in_version(event_type, version) for version in versions.all_versions()],
        "has_example": event_type.example is not None,
        "form": form,
        "offered": _list_sendable(request).order_by().exists(),
        "may_send": access_of(request).may_write_some(),
        "about": catalogue.kind_of(event_type.name),
    }
    return TemplateResponse(request, "admin/catalogue/type.html", {**site.each_context(request), **context})


def _send_test(
    site: AdminSite, request: HttpRequest, event_type: catalogue.EventType, chosen: str
) -> HttpResponseRedirect | None:
    if not access_of(request).may_write_some():
        raise PermissionDenied
    page: Any = site._registry[Subscription]
    subscription = _list_sendable(request).filter(pk=int(chosen)).first() if is_id(chosen) else None
    if subscription is None:
        page.message_user(request, "Choose an active subscription.", messages.ERROR)
        return None
    delivery = test_events.send_from_page(page, request, subscription, event_type.name)
    return HttpResponseRedirect(test_events.result_url(delivery)) if delivery is not None else None


def _list_sendable(request: HttpRequest) -> QuerySet[Subscription]:
    """Active subscriptions of companies in which the visitor may write."""
    rows = Subscription.objects.filter(state=Subscription.State.ACTIVE)
    rows = rows.select_related("company").defer("company__signing_key", *Subscription.ENCRYPTED)
    return access_of(request).limit(rows, "company", writing=True).order_by("name", "pk")


def _in_version(event_type: catalogue.EventType, version: versions.PayloadVersion) -> dict[str, Any]:
    body = _example(event_type, version.name)
    return {
        "version": version,
        "fields": _rows(event_type, body, version.name),
        "example": json.dumps(body, ensure_ascii=False, indent=2) if body else "",
    }


def _example(event_type: catalogue.EventType, version: str) -> dict[str, Any]:
    """The payload of an invented company, the same for all visitors."""
    example = catalogue.build_example(event_type, Company(pk=1, name="Example", time_zone="America/New_York"), version)
    return dict(json.loads(example[1])) if example else {}


def _rows(event_type: catalogue.EventType, body: dict[str, Any], version: str) -> list[Row]:
    schema = build_schema(catalogue.serializer_of(event_type, version))
    return [
        Row(
            name,
            describe_kind(field),
            json.dumps(body[name], ensure_ascii=False) if name in body else "",
            name not in schema["required"],
            field.get("description", ""),
        )
        for name, field in schema["properties"].items()
    ]
