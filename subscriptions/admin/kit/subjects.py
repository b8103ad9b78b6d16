"""Pages of the subjects of events: calls, texts and forms. Each lists its webhooks.

Apps that publish events derive their pages from SubjectAdmin. The logs use these pages to link a `subject_id` and to
search by phone number, without importing the apps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from ...events import catalogue
from ...models import Delivery, Subscription
from ...tenancy.access import access_of
from . import labels, subject_webhooks
from .logs import SEARCH_LIMIT, LargeTableAdmin

SUBSCRIPTION = "SUB"


class SubjectAdmin(LargeTableAdmin):
    change_form_template = "admin/callhooks/subject_change_form.html"
    change_list_template = "admin/callhooks/importable_change_list.html"
    import_kind = ""  # the kind on the import page
    person_path = "person"  # path from a row to the person
    named_by: tuple[str, ...] = ()  # relations that `name_of` reads
    # The keys of the people that a term means, among these; numbers without + may be of each of the countries.
    find_people: Callable[[QuerySet[Any], str, Iterable[str]], list[int]]
    search_help_text = "Phone number, email or exact ID"
    add_one_at_a_time = True
    time_follows_key = False  # imports add older rows later

    def name_of(self, row: Any) -> str:
        """A short name of the person it is about."""
        raise NotImplementedError

    def number_of(self, row: Any) -> str:
        """The number of the person it is about, as people write it; empty if there is none."""
        raise NotImplementedError

    def person_ids(self, request: HttpRequest, term: str) -> list[int]:
        """People with this number, email address or id."""
        access = access_of(request)
        model: Any = self.model
        for step in self.person_path.split("__"):
            model = model._meta.get_field(step).related_model
        return self.find_people(access.limit(model.objects.all(), "company"), term, access.regions())

    def ids_with_phone(self, request: HttpRequest, term: str) -> list[str]:
        """Resource ids of the newest rows of persons with this number."""
        persons = self.person_ids(request, term)
        rows = self.model._default_manager.filter(**{f"{self.person_path}__in": persons}).order_by("-pk")
        return list(rows.values_list("resource_id", flat=True)[:SEARCH_LIMIT]) if persons else []

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        found: set[int] = set()
        # One query per condition, so that each uses its index. A combined query would scan all rows.
        for meant in self.search_conditions(request, term):
            found |= set(rows.filter(**meant).order_by(*self.newest_first).values_list("pk", flat=True)[:SEARCH_LIMIT])
        return rows.filter(pk__in=found)

    def search_conditions(self, request: HttpRequest, term: str) -> Iterator[dict[str, Any]]:
        """The possible meanings of a search term, each as a condition that an index serves."""
        yield {"resource_id": term}
        yield {"external_id": term}
        persons = self.person_ids(request, term)
        if persons:
            yield {f"{self.person_path}__in": persons}

    def get_urls(self) -> list[URLPattern]:
        timeline, send = self.admin_site.admin_view(self.timeline_view), self.admin_site.admin_view(self.send_view)
        return [
            path("timeline/<str:resource_id>/", timeline, name=_timeline(self.model)),
            path("<path:object_id>/send/", send, name=_send(self.model)),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"import_kind": self.import_kind, **(extra_context or {})})

    def timeline_view(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Redirect from the resource id, which webhooks and logs use, to the row's page."""
        rows = self.get_queryset(request).filter(resource_id=resource_id.replace("\x00", ""))
        pk = rows.values_list("pk", flat=True).first()
        if pk is None:
            raise Http404("There is no such record.")
        return HttpResponseRedirect(self.change_url(pk))

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {
            **super().page_context(request, obj),
            "webhooks": subject_webhooks.read_table(obj, may_send=self.sender.has_operate_permission(request, obj)),
            "send_url": reverse(f"admin:{_send(self.model)}", args=[obj.pk]),
        }

    @property
    def sender(self) -> subject_webhooks.Sender:
        page: Any = self.admin_site._registry[Delivery]
        sender: subject_webhooks.Sender = page
        return sender

    def send_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A button of the table of webhooks: `event` and `action` say which."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
            return missing
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.sender.has_operate_permission(request, obj):
            raise PermissionDenied
        event = _as_uuid(request.POST.get("event", ""))
        if event is not None:
            with transaction.atomic():
                subject_webhooks.send(self.sender, request, obj, event, request.POST.get("action", ""))
        return HttpResponseRedirect(f"{self.change_url(obj.pk)}#webhooks")

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.change_url(obj.pk))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        # Stay on the page, which shows the webhooks of the change.
        return HttpResponseRedirect(self.change_url(obj.pk))


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "pk": delivery.pk,
        "to": delivery.subscription.name,
        "state": labels.badge(labels.state_label(delivery), labels.state_tone(delivery)),
        "what": labels.outcome_label(delivery),
        "attempts": labels.attempts_label(delivery),
    }


def ids_with_phone(site: AdminSite, request: HttpRequest, term: str) -> list[str]:
    return [found for page in _pages(site) for found in page.ids_with_phone(request, term)]


def find_names(site: AdminSite, subject_ids: Set[str]) -> dict[str, str]:
    """The name of the person for each subject id, or of the subscription for an event about delivery; with one query
    per kind of subject."""
    found = {row.resource_id: page.name_of(row) for page, row in _read_subjects(site, subject_ids)}
    if about_delivery := [one for one in subject_ids if one.startswith(SUBSCRIPTION)]:
        rows = Subscription.with_alerts.filter(resource_id__in=about_delivery)
        found |= dict(rows.values_list("resource_id", "name"))
    return found


def find_contacts(site: AdminSite, subject_ids: Set[str]) -> dict[str, tuple[str, str]]:
    """The name and the number of the person for each subject id."""
    return {
        row.resource_id: (page.name_of(row), page.number_of(row)) for page, row in _read_subjects(site, subject_ids)
    }


def _read_subjects(site: AdminSite, subject_ids: Set[str]) -> Iterator[tuple[SubjectAdmin, Any]]:
    for page in _pages(site):
        prefix = getattr(page.opts.get_field("resource_id"), "prefix", "")
        mine = [one for one in subject_ids if one.startswith(prefix)]
        if mine:
            rows = page.model._default_manager.filter(resource_id__in=mine).defer(*page.deferred_in_list)
            rows = (
                rows.select_related(*page.named_by) if page.named_by else rows
            )  # select_related() without names selects all
            yield from ((page, row) for row in rows)


def count_people(site: AdminSite, subject_ids: Set[str]) -> int:
    """How many people these are about, with one query per kind of subject. Merged rows are one person."""
    found: set[int] = set()
    for page in _pages(site):
        prefix = getattr(page.opts.get_field("resource_id"), "prefix", "")
        mine = [one for one in subject_ids if one.startswith(prefix)]
        if mine:
            person = page.person_path
            rows = page.model._default_manager.filter(resource_id__in=mine, **{f"{person}__isnull": False})
            main = Coalesce(f"{person}__merged_into", person)
            found |= set(rows.order_by().values_list(main, flat=True).distinct())
    return len(found)


def add_names(site: AdminSite, listed: ChangeList, path: str) -> ChangeList:
    """Set `about` on each row of the list: the name for the subject id at `path`."""
    rows: list[Any] = list(listed.result_list)
    found = find_names(site, {attrgetter(path)(row) for row in rows})
    for row in rows:
        row.about = found.get(attrgetter(path)(row), "")
    listed.result_list = rows
    return listed


def link_subject(site: AdminSite, subject_id: str) -> str:
    """A link to the page of the subject; the bare id if it has no page."""
    page = _page_of(site, subject_id)
    if page is None:
        return subject_id
    word = str(page.opts.verbose_name).capitalize()
    return format_html('<a href="{}">{}</a>', subject_url(site, subject_id), word)


def subject_url(site: AdminSite, subject_id: str) -> str:
    """The page of the subject; empty if it has none."""
    page = _page_of(site, subject_id)
    return reverse(f"admin:{_timeline(page.model)}", args=[subject_id]) if page is not None else ""


def _page_of(site: AdminSite, subject_id: str) -> SubjectAdmin | None:
    """The pages of its kind, which its prefix names."""
    for page in _pages(site):
        if getattr(page.opts.get_field("resource_id"), "prefix", None) == subject_id[:3]:
            return page
    return None


# One icon for each type of event; a type that is added later gets the general one.
_ICONS = {
    "pre_call": "phone-incoming",
    "call_routing_complete": "phone-call",
    "post_call": "phone",
    "call_modified": "phone",
    "text_message_received": "message-square-text",
    "text_message_sent": "message-square-reply",
    "form_submission": "clipboard-list",
    "endpoint.failing": "triangle-alert",
    "endpoint.recovered": "check",
    "endpoint.disabled": "ban",
    "delivery.given_up": "x",
    "manifest.ready": "check",
}


def icon_of(event_type: str) -> str:
    return _ICONS.get(event_type, "webhook")


def kind_word(event_type: str) -> str:
    """`call`, `text` or `form`; `endpoint`, for what became of webhooks; `record` for a type that is no longer in the
    catalogue."""
    try:
        return catalogue.kind_of(event_type)
    except KeyError:
        return "record"


def _pages(site: AdminSite) -> Iterator[SubjectAdmin]:
    for page in site._registry.values():
        if isinstance(page, SubjectAdmin):
            yield page


def _send(model: Any) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_send"


def _timeline(model: Any) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_timeline"
