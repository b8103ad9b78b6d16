"""Tracking numbers, each the vendor's tracker of type source."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Tracker
from calls.phones import BadNumber, normalise

from .body_values import text_of
from .errors import BadRequest, Forbidden
from .paging import Sort, order_of
from .shapes import FLAG, LIST, OBJECT, TEXT, TEXT_OR_NULL, TEXTS, Context, Field, Shape, always, of, utc
from .tracker_sources import from_object, is_known, to_object
from .views import VendorView

SORTS = {"name": Sort("name")}
STATUSES = {"active": True, "disabled": False}
TYPES = {"source": True, "session": False}


def _call_flow(tracker: Tracker, context: Context) -> dict[str, Any]:
    return {
        "type": "basic",
        "recording_enabled": tracker.company.recording_expected,
        "destination_number": tracker.destination_number or None,
        "greeting_text": None,
        "greeting_recording_url": None,
    }


def _company(tracker: Tracker, context: Context) -> dict[str, str]:
    return {"id": tracker.company.resource_id, "name": tracker.company.name}


SHAPE = Shape(
    {
        "id": of("resource_id", TEXT),
        "name": of("name", TEXT),
        "type": always("source", {"enum": ["source", "session"]}),
        "status": Field({"enum": list(STATUSES)}, lambda tracker, context: "active" if tracker.active else "disabled"),
        "destination_number": of("destination_number", TEXT_OR_NULL),
        "tracking_numbers": Field(TEXTS, lambda tracker, context: [tracker.phone_number]),
        "whisper_message": always(None, TEXT_OR_NULL),
        "sms_enabled": always(True, FLAG),
        "sms_supported": always(True, FLAG),
        "company": Field(OBJECT, _company),
        "call_flow": Field(OBJECT, _call_flow),
        "source": Field(OBJECT, lambda tracker, context: to_object(tracker.source)),
        "created_at": Field(TEXT, lambda tracker, context: utc(tracker.created_at)),
        "disabled_at": always(None, TEXT_OR_NULL),
        "campaign_name": always(None, TEXT_OR_NULL, selectable=True),
        "swap_targets": always([], LIST, selectable=True),
    }
)


def load_trackers(keys: list[int]) -> list[Tracker]:
    return list(Tracker.objects.filter(pk__in=keys).select_related("company").defer("company__signing_key"))


class TrackersView(VendorView):
    def get(self, request: Request, account: str) -> Response:
        params = self.params
        self.check_company(params.text("company_id"))
        rows = Tracker.objects.filter(company=self.company)
        active = params.choice("status", STATUSES)
        if active is not None:
            rows = rows.filter(active=active)
        if params.choice("type", TYPES) is False:
            rows = rows.none()
        if term := params.text("search"):
            rows = rows.filter(name__icontains=term)
        return self.listed("trackers", rows, order_of(params, SORTS, "name"), SHAPE, load=load_trackers)

    def post(self, request: Request, account: str) -> Response:
        """Buys a number at the vendor; this service has none to sell."""
        raise Forbidden


class TrackerView(VendorView):
    def rows(self) -> QuerySet[Tracker]:
        return Tracker.objects.filter(company=self.company).select_related("company").defer("company__signing_key")

    def get(self, request: Request, account: str, id: str) -> Response:
        return self.one(self.found(self.rows(), id, "TRK"), SHAPE)

    def put(self, request: Request, account: str, id: str) -> Response:
        body, changed = self.body, {}
        if "name" in body:
            changed["name"] = text_of(body["name"], "name", 200).strip()
            if not changed["name"]:
                raise BadRequest("name cannot be empty.")
        if "call_flow" in body:
            # As at the vendor, it replaces the whole object: one that names no destination takes it away.
            flow = body["call_flow"]
            if not isinstance(flow, dict):
                raise BadRequest("call_flow must be an object.")
            changed["destination_number"] = _number(flow.get("destination_number"), self.company.region)
        if "source" in body:
            changed["source"] = _source(body["source"])
        return self.one(self._save(id, changed, "Changed"), SHAPE)

    def delete(self, request: Request, account: str, id: str) -> Response:
        self._save(id, {"active": False}, "Disabled")
        return Response(status=204)

    def _save(self, id: str, changed: dict[str, Any], act: str) -> Tracker:
        with transaction.atomic():
            tracker: Tracker = self.found(self.rows().select_for_update(of=("self",), no_key=True), id, "TRK")
            new = {name: value for name, value in changed.items() if getattr(tracker, name) != value}
            for name, value in new.items():
                setattr(tracker, name, value)
            if new:
                tracker.save(update_fields=list(new))
                self.note(act, tracker, ", ".join(new))
        return tracker


def _source(given: Any) -> str:
    if not is_known(given):
        raise BadRequest("Unknown tracking source type")
    return text_of(from_object(given), "source", 200)


def _number(given: Any, region: str) -> str:
    try:
        return normalise(text_of(given, "destination_number", 50), region=region)
    except BadNumber as error:
        raise BadRequest(f"destination_number: {error}") from None
