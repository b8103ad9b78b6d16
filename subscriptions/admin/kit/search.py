"""What a search term in a log can mean. All queries are limited and served by an index."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from ...models import Event
from ...tenancy.access import access_of
from . import subjects
from .filters import is_id
from .logs import SEARCH_LIMIT

_RESOURCE_ID = re.compile(r"[A-Z]{3}[0-9a-f]{32}")
_WEBHOOK_ID = re.compile(r"(?:evt_)?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def find_event_ids(site: AdminSite, request: HttpRequest, term: str) -> set[UUID]:
    """Events with this webhook-id, this subject id, or about a person with this phone number."""
    access = access_of(request)
    events = access.limit(Event.objects.order_by("-pk"), "company").values_list("pk", flat=True)
    if found := _WEBHOOK_ID.fullmatch(term.lower()):
        return set(events.filter(pk=UUID(found[1])))
    if _RESOURCE_ID.fullmatch(term):
        return set(events.filter(subject_id=term)[:SEARCH_LIMIT])
    about = subjects.ids_with_phone(site, request, term)
    return set(events.filter(subject_id__in=about)[:SEARCH_LIMIT]) if about else set()


def row_ids(term: str) -> set[int]:
    """The primary key in the term, if it is one."""
    return {int(term)} if is_id(term) else set()
