"""Every address of the site, out of the URL conf, filled in with the ids of a tenant: one that is added is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import get_resolver, reverse
from django.urls.resolvers import RoutePattern, URLPattern, URLResolver

from callhooks_site.privacy.models import Erasure
from callhooks_site.vendor_api.ids import account_id
from calls.models import Call, Person, Tag, Tracker
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import (
    AlertDestination,
    ApiKey,
    Company,
    Delivery,
    EndpointIssue,
    Event,
    FeedConsumer,
    Manifest,
    ResendJob,
    Subscription,
)
from tests.support.admin import Tenant, name_of

# Parts of an address that are no row's, by the name of the part.
FIXED = {"number": 0, "name": "post_call", "app_label": "calls", "url": "no/such/page", "place": "voice"}
FIXED |= {"guide": "troubleshooting", "picture": "home.png", "group": "calls"}
# What admits whoever holds the link, and so is asked with a link that is none.
LINKS = {
    "admin:invitation": {"token": "x" * 43},
    "admin:unsubscribe": {"token": "x" * 43},
    "password_reset_confirm": {"uidb64": "MQ", "token": "x-y"},
    "provider-callback": {"key": "x" * 32, "place": "voice"},
    "form-endpoint": {"key": "x" * 32},
    "capture-script": {"name": "no-such.js"},
}
NOT_REVERSED = {
    "api-root": "/api/v1/",
    "api-nothing-here": "/api/v1/",
    "vendor-nothing-here": "/v3/no/such/page",
}
# The API's names and the rows they are about.
API: dict[str, type[Model] | None] = {
    "api-call": Call,
    "api-text": TextMessage,
    "api-form": FormSubmission,
    "api-tracker": Tracker,
    "api-person": Person,
    "api-tag": Tag,
    "api-subscription": Subscription,
    "api-delivery": Delivery,
    "api-resend-job": ResendJob,
    "api-issue": EndpointIssue,
    "api-event": Event,
    "api-event-type": None,
    "api-feed-consumer": FeedConsumer,
    "api-alert-destination": AlertDestination,
    "api-manifest": Manifest,
    "api-key": ApiKey,
    "api-company": Company,
    "api-erasure": Erasure,
    "api-person-export": Person,
    "call-timeline": Call,
    "recording-redirect": Call,
    "recording-player": Call,
    "text-media": TextMessage,
    "form-timeline": FormSubmission,
    "vendor-account": Company,
    "vendor-call": Call,
    "vendor-company": Company,
    "vendor-tracker": Tracker,
    "vendor-tag": Tag,
    "vendor-form": FormSubmission,
    "vendor-lead": Person,
    "vendor-sms-thread": Thread,
    "vendor-conversation": Thread,
}


@dataclass(frozen=True)
class Leaf:
    """An address as the URL conf has it: `parts` are the names of what must be filled in."""

    name: str  # with its namespace; empty for one that has none
    pattern: str
    parts: frozenset[str]
    plain: bool  # made with `path` all the way, so that it can be filled in without a name

    @property
    def in_admin(self) -> bool:
        return self.pattern.startswith("admin/")

    @property
    def in_api(self) -> bool:
        return self.pattern.startswith("api/") or self.in_vendor_api

    @property
    def in_vendor_api(self) -> bool:
        return self.name.startswith("vendor-")


def leaves(resolver: Any = None, prefix: str = "", namespace: str = "", plain: bool = True) -> Iterator[Leaf]:
    for one in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(one.pattern)
        by_path = plain and isinstance(one.pattern, RoutePattern)
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from leaves(one, whole, inner, by_path)
        elif isinstance(one, URLPattern):
            name = namespace + (one.name or "")
            yield Leaf("" if name.endswith(":") else name, whole, frozenset(one.pattern.regex.groupindex), by_path)


def address(leaf: Leaf, tenant: Tenant) -> str:
    """Fails for an address of which nobody said what belongs there."""
    given = {part: _value(leaf, part, tenant) for part in leaf.parts}
    if leaf.name and leaf.name != "admin:app_list":
        return NOT_REVERSED.get(leaf.name) or reverse(leaf.name, kwargs=given)
    if leaf.plain:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(given[part[1]]), leaf.pattern)
    return reverse("admin:app_list", kwargs=given) if leaf.name else "/admin/no/such/page"


def row_of(leaf: Leaf, tenant: Tenant) -> Model | None:
    """What an address with an id is about."""
    if leaf.in_admin:
        page = "_".join(leaf.pattern.split("/")[1:3])
        rows = tenant.rows
        return next((rows[model] for model in rows if name_of(model) == page), None)
    model = API.get(max((kind for kind in API if leaf.name.startswith(kind)), key=len, default=""))
    return tenant.rows.get(model) if model else None


def vendor_id(row: Any) -> Any:
    """As API v3 names a row."""
    return getattr(row, "resource_id", row.pk)


def _value(leaf: Leaf, part: str, tenant: Tenant) -> Any:
    if leaf.name in LINKS:
        return LINKS[leaf.name][part]
    row: Any = row_of(leaf, tenant)
    if isinstance(row, Manifest):
        return {"resource_id": row.subscription.resource_id, "day": row.day, "number": 1}[part]
    if part == "day":
        return tenant.manifest.day
    if part == "account":
        return account_id(tenant.company)
    if leaf.in_vendor_api and part == "id":
        return vendor_id(row) if row is not None else tenant.company.pk
    if part == "delivery_id":
        return tenant.test_delivery.pk
    if part in ("object_id", "id", "pk"):
        return row.pk if row is not None else 1  # an operators' page: any row
    if part == "resource_id" and row is not None:
        return row.resource_id
    if isinstance(row, FeedConsumer) and part == "name":
        return row.name
    if part == "event_id" and row is not None:
        return row.webhook_id
    assert part in FIXED, f"tests/support/site_addresses.py: what belongs into {part} of {leaf.pattern} ({leaf.name})?"
    return FIXED[part]
