"""Form submissions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from calls.people_search import find_people
from calls.phones import formatted
from subscriptions.admin.kit import times
from subscriptions.admin.kit.filters import AnyTimeFilter
from subscriptions.admin.kit.icons import icon
from subscriptions.admin.kit.subjects import SubjectAdmin

from ..models import FormSubmission

ATTRIBUTION = ("source", "medium", "campaign", "keywords", "referrer", "referring_url", "landing_page_url",
               "utm_source", "utm_medium", "utm_campaign")  # fmt: skip
SHOWN = 3  # fields of a form in the list
NAMES = frozenset({"name", "full_name", "full name", "fullname", "your-name", "your name", "your_name"})


class SubmittedFilter(AnyTimeFilter):
    field = "submitted_at"


@admin.register(FormSubmission)
class FormAdmin(SubjectAdmin):
    """A form is added once and never changed."""

    member_rights = operator_rights = frozenset({"view", "add"})
    menu, menu_order, menu_name = "activity", 40, "Forms"
    import_kind = "forms"
    find_people = staticmethod(find_people)
    newest_first = ("-submitted_at", "-pk")
    related = named_by = ("person__merged_into",)
    list_display = ("from_whom", "answers", "page", "source", "time")
    cells = {
        "from_whom": "who",
        "answers": "what soft clip",
        "page": "soft short wide",
        "source": "soft short wide",
        "time": "num when quiet",
    }
    empty_icon = "clipboard-list"
    list_filter = (SubmittedFilter,)
    readonly_fields = ("time", "who", "filled_in", "page", "resource_id")

    def page_title(self, obj: FormSubmission) -> str:
        return f"Form of {self.who(obj)}" if obj.person is not None else str(obj)

    def name_of(self, row: FormSubmission) -> str:
        return self.who(row)

    def number_of(self, row: FormSubmission) -> str:
        return formatted(row.person.phone or row.person.main.phone) if row.person is not None else ""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        what = ["form_data", "form_url", "submitted_at"]
        if obj is not None:
            what = ["time", "who", "page", "filled_in", "resource_id"]
        came = ("Where the customer came from", {"fields": ATTRIBUTION, "classes": ("collapse",)})
        return self.with_company(request, obj, [(None, {"fields": what}), came])

    @admin.display(description="time")
    def time(self, obj: FormSubmission) -> str:
        return times.time_tag(obj.submitted_at)

    @admin.display(description="who")
    def who(self, obj: FormSubmission) -> str:
        person = obj.person.main if obj.person is not None else None
        if person is not None and person.name:
            return person.name
        typed = next((text for field, text in obj.form_data.items() if field.lower() in NAMES and text), "")
        known = (formatted(person.phone) or person.email) if person is not None else ""
        return str(typed)[:80] or known or "Unknown"

    @admin.display(description="who")
    def from_whom(self, obj: FormSubmission) -> str:
        return format_html('<span class="who">{}{}</span>', icon("clipboard-list"), self.who(obj))

    @admin.display(description="page")
    def page(self, obj: FormSubmission) -> str:
        return obj.form_url

    @admin.display(description="fields")
    def answers(self, obj: FormSubmission) -> str:
        shown = list(obj.form_data.items())[:SHOWN]
        rest = len(obj.form_data) - len(shown)
        said = format_html_join(" · ", "<small>{}</small> {}", ((k, v[:80]) for k, v in shown))
        return format_html("{}{}", said, f" · and {rest} more" if rest > 0 else "")

    @admin.display(description="fields")
    def filled_in(self, obj: FormSubmission) -> str:
        return format_html_join("", '<div class="answer"><small>{}</small><div class="prose">{}</div></div>',
                                obj.form_data.items())  # fmt: skip
