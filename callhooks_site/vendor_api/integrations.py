"""Integrations. The one of type Webhooks is the company's subscriptions, seen as URLs by event. Nothing is stored
twice: what is changed in the admin shows here, and the other way round."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from callhooks_site.payload_versions import wire_2026_05
from subscriptions.endpoints import operations
from subscriptions.events import catalogue
from subscriptions.models import ApiKey, Company, Subscription

from .errors import BadRequest, Forbidden, NotHere
from .models import EmptyIntegration
from .paging import envelope, size_of
from .params import Params
from .shapes import TEXT, WHOLE, Field, Shape
from .views import VendorView
from .webhook_config import EVENTS, KEYS, Part, checked, config_of, parts_of

WEBHOOKS = "Webhooks"
State = Subscription.State
STATES = ("active", "disabled")


class Webhooks:
    """A company's subscriptions as an integration. Its id is the company's number."""

    def __init__(self, company: Company, *, lock: bool = False) -> None:
        self.company = company
        rows = subscriptions_of(company)
        self.subscriptions = list(rows.select_for_update(no_key=True) if lock else rows)
        self.empty = None if self.subscriptions else EmptyIntegration.objects.filter(company=company).first()

    @property
    def pk(self) -> int:
        return int(self.company.pk)

    @property
    def exists(self) -> bool:
        return bool(self.subscriptions) or self.empty is not None

    @property
    def state(self) -> str:
        """Failed: nothing is sent any more, because the receivers had failed for days."""
        if not self.subscriptions:
            return "disabled" if self.empty is not None and self.empty.disabled else "active"
        states = {State.ACTIVE if each.resuming else each.state for each in self.subscriptions}
        if State.ACTIVE in states:
            return "active"
        return "failed" if State.DISABLED in states else "disabled"

    @property
    def conditions(self) -> Any:
        """The integration's filter: new subscriptions get it too."""
        if self.empty is not None:
            return self.empty.conditions
        return next((each.conditions for each in self.subscriptions if each.conditions is not None), None)

    @property
    def config(self) -> dict[str, list[str]]:
        return config_of(self.subscriptions)


def subscriptions_of(company: Company) -> QuerySet[Subscription]:
    """Those with an event that a config has a key for, without what is encrypted."""
    rows = Subscription.objects.filter(company=company, events__overlap=sorted(EVENTS)).exclude(state=State.ARCHIVED)
    return rows.defer(*Subscription.ENCRYPTED).order_by("pk")


def _signing_key(webhooks: Webhooks) -> str:
    return str(Company.objects.only("signing_key").get(pk=webhooks.company.pk).signing_key)


SHAPE = Shape(
    {
        "id": Field(WHOLE, lambda webhooks, context: webhooks.pk),
        "config": Field(
            {
                "type": "object",
                "properties": {key: {"type": "array", "items": TEXT} for key in KEYS},
                "additionalProperties": False,
            },
            lambda webhooks, context: webhooks.config,
        ),
        "state": Field({"enum": ["active", "disabled", "pending", "failed"]}, lambda webhooks, context: webhooks.state),
        "type": Field({"enum": [WEBHOOKS]}, lambda webhooks, context: WEBHOOKS),
        "signing_key": Field(TEXT, lambda webhooks, context: _signing_key(webhooks), selectable=True),
    }
)


class IntegrationsBase(VendorView):
    write_scope = ApiKey.Scope.MANAGE

    def names(self, params: Params) -> list[str]:
        """The signing key is shown to keys that manage, and its being shown is noted."""
        names = SHAPE.names(params.many("fields"))
        if "signing_key" in names:
            key: Any = self.request.auth
            if ApiKey.Scope.MANAGE not in key.scopes:
                raise Forbidden
            self.note("Looked at the signing key", self.company)
        return names

    def shown(self, webhooks: Webhooks, names: list[str], status: int = 200) -> Response:
        return Response(SHAPE.show(webhooks, self.context, names), status)


class IntegrationsView(IntegrationsBase):
    def get(self, request: Request, account: str) -> Response:
        params = self.params
        if not params.text("company_id"):
            raise BadRequest("company_id is missing.")
        self.check_company(params.text("company_id"))
        webhooks = Webhooks(self.company)
        names = self.names(params)
        found = [SHAPE.show(webhooks, self.context, names)] if webhooks.exists else []
        first = (params.whole("page") or 1) <= 1
        return Response({**envelope(1, size_of(params), len(found)), "integrations": found if first else []})

    def post(self, request: Request, account: str) -> Response:
        body = self.body
        self.check_company(body.get("company_id"))
        kind = body.get("type")
        if kind in (None, ""):
            raise BadRequest(f"type is missing: {WEBHOOKS}.")
        if kind != WEBHOOKS:
            raise Forbidden(f"{str(kind)[:40]} cannot be made here. Integrations of type {WEBHOOKS} can.")
        config = checked(body.get("config", {}))
        with transaction.atomic():
            lock_integration(self.company)
            webhooks = Webhooks(self.company, lock=True)
            if webhooks.exists:
                raise BadRequest("This company has a Webhooks integration already. Change it with PUT.")
            configure(self, webhooks, config)
        return self.shown(Webhooks(self.company), [*SHAPE.default, "signing_key"], 201)


class IntegrationView(IntegrationsBase):
    def get(self, request: Request, account: str, id: str) -> Response:
        webhooks = Webhooks(self.company)
        if id != str(webhooks.pk) or not webhooks.exists:
            raise NotHere
        return self.shown(webhooks, self.names(self.params))

    def put(self, request: Request, account: str, id: str) -> Response:
        if id != str(self.company.pk):
            raise NotHere
        body = self.body
        state = body.get("state")
        if state is not None and state not in STATES:
            raise BadRequest("state must be active or disabled.")
        config = checked(body["config"]) if body.get("config") is not None else None
        with transaction.atomic():
            webhooks = self._locked(id)
            if config is not None:
                configure(self, webhooks, config)
                webhooks = Webhooks(self.company, lock=True)
            set_state(self, webhooks, state)
        return self.shown(Webhooks(self.company), SHAPE.default)

    def delete(self, request: Request, account: str, id: str) -> Response:
        with transaction.atomic():
            webhooks = self._locked(id)
            set_state(self, webhooks, "disabled")
        return Response(status=204)

    def _locked(self, id: str) -> Webhooks:
        if id != str(self.company.pk):
            raise NotHere
        lock_integration(self.company)
        webhooks = Webhooks(self.company, lock=True)
        if not webhooks.exists:
            raise NotHere
        return webhooks


def lock_integration(company: Company) -> None:
    """Two requests that change a config wait for each other, at the company's row."""
    Company.objects.select_for_update(no_key=True).filter(pk=company.pk).values_list("pk").get()


def configure(view: VendorView, webhooks: Webhooks, config: dict[str, list[str]]) -> None:
    """Makes the subscriptions what the config asks for. Those that are right already stay as they are; those of a
    disabled integration begin paused."""
    disabled = webhooks.state == "disabled"
    present: dict[str, list[Subscription]] = {}
    for subscription in webhooks.subscriptions:
        present.setdefault(subscription.url, []).append(subscription)
    wanted = parts_of(config)
    urls = [*present, *(url for url in wanted if url not in present)]
    # What goes first makes room for what comes, where the company has as many subscriptions as it may have.
    for url in sorted(urls, key=lambda url: len(wanted.get(url, [])) > len(present.get(url, []))):
        mine, parts = present.get(url, []), wanted.get(url, [])
        if mine and parts and parts_of(config_of(mine))[url] == parts:
            continue
        for number in range(max(len(mine), len(parts))):
            part = parts[number] if number < len(parts) else None
            if number < len(mine):
                _change(view, mine[number], part)
            elif part is not None:
                state = State.PAUSED if disabled else State.ACTIVE
                _add(view, webhooks.company, url, part, conditions=webhooks.conditions, state=state)
    if wanted:
        EmptyIntegration.objects.filter(company=webhooks.company).delete()
    else:
        kept = {"disabled": disabled, "conditions": webhooks.conditions}
        EmptyIntegration.objects.update_or_create(company=webhooks.company, defaults=kept)


def _change(view: VendorView, subscription: Subscription, part: Part | None) -> None:
    """Events that a config has no key for stay; a subscription that has none left is removed."""
    kept = set(subscription.events) - EVENTS
    events = _in_order(kept | (part.events if part else frozenset()))
    if not events:
        operations.archive(subscription)
        view.note("Removed", subscription)
        return
    direction = part.direction if part else subscription.call_direction
    if (subscription.events, subscription.call_direction) != (events, direction):
        subscription.events, subscription.call_direction = events, direction
        subscription.save(update_fields=["events", "call_direction", "updated_at"])
        view.note("Changed", subscription, "events")


def _add(view: VendorView, company: Company, url: str, part: Part, *, conditions: Any, state: State) -> None:
    name = f"{urlsplit(url).hostname} (API v3)"[-100:]
    subscription = Subscription.objects.create(
        company=company,
        name=name,
        url=url,
        events=_in_order(part.events),
        call_direction=part.direction,
        payload_version=wire_2026_05.NAME,
        conditions=conditions,
        state=state,
    )
    view.note("Added", subscription)


def set_state(view: VendorView, webhooks: Webhooks, state: str | None) -> None:
    """Active: what happened while the integration was disabled is not sent, as at the vendor; its log keeps it. While
    some of it is active, one that was paused in the admin stays so: clients send the state with every change."""
    if state is None or state == webhooks.state:
        return
    if webhooks.empty is not None:
        webhooks.empty.disabled = state == "disabled"
        webhooks.empty.save(update_fields=["disabled"])
    for subscription in webhooks.subscriptions:
        if state == "active":
            operations.resume(subscription, send_held=False)
            view.note("Resumed", subscription, "Dropped what was held")
        elif subscription.state == State.ACTIVE or subscription.resuming:
            operations.pause(subscription)
            view.note("Paused", subscription)


def _in_order(events: Any) -> list[str]:
    return [each.name for each in catalogue.all_types() if each.name in events]
