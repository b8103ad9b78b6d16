"""`{% load callhooks %}`: icons and the parts of lists and forms, for the templates of the admin."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.contrib.admin import site
from django.contrib.admin.views.main import ChangeList
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from ...tenancy.access import access_of
from . import bodies, chips, form_parts, icons, lists
from .searched_choices import SearchSelect

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    return icons.icon(name, size)


@register.simple_tag
def guide_url(place: str) -> str:
    """The address of a page of the guide: `import`, or `guide#pause-test-remove` with the heading's anchor."""
    name, mark, anchor = place.partition("#")
    return f"{reverse('admin:guide_page', args=[name])}{mark}{anchor}"


@register.simple_tag
def chip(changelist: ChangeList, spec: Any) -> chips.Chip:
    return chips.build_chip(changelist, spec)


@register.simple_tag
def filter_media(changelist: ChangeList) -> str:
    """Scripts and styles of filters that search, if there are any."""
    if not any(getattr(spec, "relation", None) for spec in changelist.filter_specs):
        return ""
    return render_to_string("components/search_media.html", {"media": SearchSelect(None).media})


@register.simple_tag
def row_cells(row: list[Any], changelist: ChangeList) -> list[SafeString]:
    return lists.draw_cells(row, changelist)


@register.simple_tag
def list_headers(headers: list[dict[str, Any]], changelist: ChangeList) -> list[dict[str, Any]]:
    return lists.describe_headers(headers, changelist)


@register.simple_tag
def form_parts_of(adminform: Any) -> form_parts.Parts:
    return form_parts.split_fieldsets(adminform)


@register.simple_tag
def page_turns(changelist: ChangeList) -> lists.PageTurns:
    return lists.turn_pages(changelist)


@register.filter
def coloured(text: str) -> SafeString:
    return bodies.colour(str(text))


@register.filter
def initials(name: str) -> str:
    """`Dana Whitfield` → `DW`; of a mail address its first letter."""
    words = [word for word in str(name).partition("@")[0].replace(".", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag(takes_context=True)
def list_link(context: Any, opts: Any) -> dict[str, str]:
    """The way back from a row to its list, with the filters that were set there. Empty if there is no list for it."""
    request, admin = context["request"], site._registry.get(opts.model) if opts else None
    if admin is None or not admin.has_view_permission(request):
        return {}
    if getattr(admin, "company_path", "") == "pk" and not access_of(request).several:
        return {}  # there is no list of one's only company
    title = admin.list_title(request) if hasattr(admin, "list_title") else str(opts.verbose_name_plural)
    url = reverse(f"{site.name}:{opts.app_label}_{opts.model_name}_changelist")
    kept = dict(parse_qsl(context.get("preserved_filters") or "")).get("_changelist_filters", "")
    return {"label": title[:1].upper() + title[1:], "url": f"{url}?{kept}" if kept else url}
