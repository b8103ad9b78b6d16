"""Filters of the integration (`integration_triggers`): conditions that a call has to meet to be sent.

The integration's own filter is the condition of its subscriptions; the company's default is for those without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Tracker
from subscriptions.events.condition_words import parts_of
from subscriptions.models import ApiKey, Company, Subscription

from .call_queries import tracker_keys
from .errors import BadRequest, NotHere, Unprocessable
from .integrations import WEBHOOKS, Webhooks, lock_integration
from .paging import envelope, size_of
from .shapes import OBJECT, TEXT, TEXTS, WHOLE, WHOLE_OR_NULL, Field, Shape
from .views import VendorView

ATTRIBUTES = ("tracker_ids", "call_type", "min_duration", "max_duration", "lead_status")
OUTCOMES = {"vm": ["voicemail"], "missed_and_vm": ["missed", "abandoned", "voicemail"]}
CALL_TYPES = ("first_call", *OUTCOMES)
LEAD_STATUSES = ("good_lead", "not_a_lead")
LONGEST = 30 * 86_400


class Trigger:
    """A condition as the vendor shows it. An id is the company's number twice, and one more for the integration's."""

    def __init__(self, company: Company, condition: Mapping[str, Any], *, default: bool) -> None:
        self.company, self.default = company, default
        self.pk = company.pk * 2 + (0 if default else 1)
        self.condition, self.given = condition, given_of(condition)


def given_of(condition: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a condition, as far as they can say it."""
    given: dict[str, Any] = dict.fromkeys(ATTRIBUTES) | {"tracker_ids": []}
    for part in parts_of(condition):
        given |= _attributes(part)
    return given


def _attributes(part: Mapping[str, Any]) -> dict[str, Any]:
    """Those that one condition is; none where it is more than they can say."""
    match part:
        case {"field": "tracker", "in": list(trackers)}:
            return {"tracker_ids": trackers}
        case {"field": "first_call", "is": True}:
            return {"call_type": "first_call"}
        case {"field": "outcome", "in": list(outcomes)}:
            names = [name for name, every in OUTCOMES.items() if set(every) == set(outcomes)]
            return {"call_type": names[0]} if names else {}
        case {"field": "duration"}:
            return {f"{name}_duration": part[name] for name in ("min", "max") if name in part}
        case {"field": "lead_status", "in": [status]} if status in LEAD_STATUSES:
            return {"lead_status": status}
    return {}


def rest_of(condition: Mapping[str, Any], given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the admin or our own API asks beside: it stays when the attributes change. Where `given` has an attribute
    now, what stood in its place goes."""
    replaced = {
        "outcome": given["call_type"],
        "first_call": given["call_type"],
        "lead_status": given["lead_status"],
    }
    return [part for part in parts_of(condition) if not _attributes(part) and not replaced.get(part.get("field", ""))]


def condition_of(given: Mapping[str, Any], rest: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    parts: list[Mapping[str, Any]] = []
    if given["tracker_ids"]:
        parts.append({"field": "tracker", "in": given["tracker_ids"]})
    if given["call_type"] == "first_call":
        parts.append({"field": "first_call", "is": True})
    elif given["call_type"]:
        parts.append({"field": "outcome", "in": OUTCOMES[given["call_type"]]})
    for name in ("min", "max"):
        if given[f"{name}_duration"] is not None:
            parts.append({"field": "duration", name: given[f"{name}_duration"]})
    if given["lead_status"]:
        parts.append({"field": "lead_status", "in": [given["lead_status"]]})
    return {"all": [*parts, *rest]}


def _integration(trigger: Trigger) -> dict[str, Any]:
    if trigger.default:
        return {"id": None, "type": "All (Default Integration Trigger)"}
    return {"id": trigger.company.pk, "type": WEBHOOKS}


SHAPE = Shape(
    {
        "id": Field(WHOLE, lambda trigger, context: trigger.pk),
        "company_id": Field(TEXT, lambda trigger, context: trigger.company.resource_id),
        "integration_id": Field(
            WHOLE_OR_NULL, lambda trigger, context: None if trigger.default else trigger.company.pk
        ),
        "tracker_ids": Field(TEXTS, lambda trigger, context: trigger.given["tracker_ids"]),
        "call_type": Field({"enum": [None, *CALL_TYPES]}, lambda trigger, context: trigger.given["call_type"]),
        "min_duration": Field(WHOLE_OR_NULL, lambda trigger, context: trigger.given["min_duration"]),
        "max_duration": Field(WHOLE_OR_NULL, lambda trigger, context: trigger.given["max_duration"]),
        "lead_status": Field({"enum": [None, *LEAD_STATUSES]}, lambda trigger, context: trigger.given["lead_status"]),
        "integration": Field(OBJECT, lambda trigger, context: _integration(trigger)),
    }
)


class TriggersBase(VendorView):
    write_scope = ApiKey.Scope.MANAGE

    def triggers(self) -> list[Trigger]:
        found = []
        company = Company.objects.only("pk", "resource_id", "default_conditions").get(pk=self.company.pk)
        if company.default_conditions is not None:
            found.append(Trigger(company, company.default_conditions, default=True))
        own = Webhooks(self.company).conditions
        if own is not None:
            found.append(Trigger(company, own, default=False))
        return found

    def one_of(self, id: str) -> Trigger:
        trigger = next((each for each in self.triggers() if str(each.pk) == id), None)
        if trigger is None:
            raise NotHere
        return trigger

    def shown(self, trigger: Trigger, status: int = 200) -> Response:
        return Response(SHAPE.show(trigger, self.context), status)

    def store(self, condition: dict[str, Any] | None, *, default: bool, act: str) -> None:
        """None takes the filter away."""
        company = Company.objects.only("pk", "name").get(pk=self.company.pk)
        if default:
            Company.objects.filter(pk=company.pk).update(default_conditions=condition)
        else:
            webhooks = Webhooks(self.company)
            keys = [each.pk for each in webhooks.subscriptions]
            Subscription.objects.filter(pk__in=keys).update(conditions=condition)
            if webhooks.empty is not None:
                webhooks.empty.conditions = condition
                webhooks.empty.save(update_fields=["conditions"])
        self.note(act, company, "default" if default else WEBHOOKS)

    def read(self, body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes afterwards; those that the body does not name stay. Raises BadRequest."""
        given = {name: body.get(name, before[name]) for name in ATTRIBUTES}
        given["tracker_ids"] = self._tracker_ids(given["tracker_ids"])
        for name, known in (("call_type", CALL_TYPES), ("lead_status", LEAD_STATUSES)):
            if given[name] == "":
                given[name] = None
            if given[name] not in (None, *known):
                raise BadRequest(f"{name} must be null or one of: {', '.join(known)}.")
        for name in ("min_duration", "max_duration"):
            given[name] = _seconds(given[name], name)
        if None not in (given["min_duration"], given["max_duration"]) and given["max_duration"] < given["min_duration"]:
            raise BadRequest("max_duration is less than min_duration.")
        return given

    def _tracker_ids(self, given: Any) -> list[str]:
        if given in (None, ""):
            return []
        if not isinstance(given, list) or len(given) > 1_000:
            raise BadRequest("tracker_ids must be a list of at most 1,000 ids.")
        keys = tracker_keys(self.company, [str(each) for each in given])
        if len(keys) < len(set(map(str, given))):
            raise BadRequest("tracker_ids names a tracker that this company does not have.")
        return list(Tracker.objects.filter(pk__in=keys).order_by("pk").values_list("resource_id", flat=True))


class TriggersView(TriggersBase):
    def get(self, request: Request, account: str) -> Response:
        if not self.params.text("company_id"):
            raise BadRequest("company_id is missing.")
        self.check_company(self.params.text("company_id"))
        found = [SHAPE.show(each, self.context) for each in self.triggers()]
        first = (self.params.whole("page") or 1) <= 1
        head = envelope(1, size_of(self.params), len(found))
        return Response({**head, "integration_criteria": found if first else []})

    def post(self, request: Request, account: str) -> Response:
        body = self.body
        self.check_company(body.get("company_id"))
        default = body.get("integration_id") in (None, "")
        if not default and str(body["integration_id"]) != str(self.company.pk):
            raise NotHere("integration_id is no integration of this company.")
        given = self.read(body, dict.fromkeys(ATTRIBUTES))
        with transaction.atomic():
            lock_integration(self.company)
            if any(each.default == default for each in self.triggers()):
                raise BadRequest("There is a filter for this integration already. Change it with PUT.")
            if not default and not Webhooks(self.company).exists:
                raise Unprocessable("This company has no integration to filter. Make it first.")
            self.store(condition_of(given), default=default, act="Added a filter")
            made = next(each for each in self.triggers() if each.default == default)
        return self.shown(made, 201)


class TriggerView(TriggersBase):
    def get(self, request: Request, account: str, id: str) -> Response:
        return self.shown(self.one_of(id))

    def put(self, request: Request, account: str, id: str) -> Response:
        body = self.body
        with transaction.atomic():
            lock_integration(self.company)
            trigger = self.one_of(id)
            given = self.read(body, trigger.given)
            condition = condition_of(given, rest_of(trigger.condition, given))
            self.store(condition, default=trigger.default, act="Changed a filter")
        return self.shown(self.one_of(id))

    def delete(self, request: Request, account: str, id: str) -> Response:
        with transaction.atomic():
            lock_integration(self.company)
            self.store(None, default=self.one_of(id).default, act="Removed a filter")
        return Response(status=204)


def _seconds(given: Any, name: str) -> int | None:
    if given in (None, ""):
        return None
    try:
        seconds = int(given) if not isinstance(given, bool) else -1
    except (TypeError, ValueError, OverflowError):
        seconds = -1
    if not 0 <= seconds <= LONGEST:
        raise BadRequest(f"{name} must be a number of seconds.")
    return seconds
