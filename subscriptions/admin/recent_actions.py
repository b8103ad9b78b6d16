"""A user's recent actions for the home page, limited to rows that they may still see."""

from __future__ import annotations

from collections import defaultdict

from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.http import HttpRequest

SHOWN = 10
NEWEST_ENTRIES = 60


def list_recent_actions(site: AdminSite, request: HttpRequest) -> list[LogEntry]:
    entries = list(
        LogEntry.objects.filter(user=request.user.pk)
        .select_related("content_type")
        .order_by("-action_time")[:NEWEST_ENTRIES]
    )
    ids = defaultdict(set)
    for entry in entries:
        ids[entry.content_type].add(entry.object_id)
    reached = set()
    for content_type, wanted in ids.items():
        model = content_type.model_class() if content_type else None
        page = site._registry.get(model) if model else None
        if page is not None and page.has_view_permission(request):
            keys = {_key(page, object_id) for object_id in wanted} - {None}
            found = page.get_queryset(request).filter(pk__in=keys).values_list("pk", flat=True)
            reached |= {(content_type, str(pk)) for pk in found}
    return [entry for entry in entries if (entry.content_type, entry.object_id) in reached][:SHOWN]


def _key(page: object, object_id: str | None) -> object:
    try:
        return page.opts.pk.to_python(object_id)  # type: ignore[attr-defined]
    except ValidationError:  # a key that the model no longer accepts
        return None
