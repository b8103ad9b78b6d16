"""Resend jobs: one page asks what to send, the next confirms the count, the third shows progress."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from ..endpoints import resend_jobs
from ..events import catalogue
from ..lib.errors import ActionRefused
from ..models import Delivery, ResendJob, Subscription
from ..tenancy import audit_log
from ..tenancy.access import access_of
from . import past_words
from .kit import labels, times
from .kit.buttons import ButtonsAdmin, button
from .kit.logs import LogAdmin
from .resend_form import ResendForm

State, Kind = ResendJob.State, ResendJob.Kind
_TONES = {State.RUNNING: "busy", State.DONE: "good", State.CANCELLED: "quiet"}


@admin.register(ResendJob)
class ResendJobAdmin(LogAdmin, ButtonsAdmin):
    """A job is started and cancelled, never edited. Starting one needs the operate permission, like a single resend."""

    menu, menu_order, menu_name = "deliveries", 40, "Sent again"
    related = ("subscription", "source", "requested_by")
    deferred = tuple(f"{path}__{name}" for path in ("subscription", "source") for name in Subscription.ENCRYPTED)
    list_display = ("to", "state_badge", "progress", "span", "by", "created")
    cells = {
        "to": "who",
        "state_badge": "side",
        "progress": "what",
        "span": "soft wide",
        "by": "soft wide",
        "created": "num when quiet",
    }
    add_words = "Send many again"
    empty_icon = "rotate-cw"
    empty_text = "What you send again in bulk appears here."
    empty_guide = "guide#send-it-again-or-send-it-now"
    buttons = ("cancel",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ()  # no search box: there are few jobs

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        name = "subscriptions_resendjob_progress"
        return [path("<path:object_id>/progress/", view, name=name), *super().get_urls()]

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="started")
    def created(self, obj: ResendJob) -> str:
        return times.time_tag(obj.created_at)

    @admin.display(description="state")
    def state_badge(self, obj: ResendJob) -> str:
        return labels.badge(State(obj.state).label, _TONES[State(obj.state)])

    @admin.display(description="subscription")
    def to(self, obj: ResendJob) -> str:
        return obj.subscription.name

    @admin.display(description="created between")
    def span(self, obj: ResendJob) -> str:
        return f"{times.format_short(obj.since)} – {times.format_short(obj.until)}"

    @admin.display(description="sent again")
    def progress(self, obj: ResendJob) -> str:
        past = " · past events" if obj.kind == Kind.PAST else ""
        return f"{obj.sent:,} of {obj.total:,}{past}"

    @admin.display(description="by")
    def by(self, obj: ResendJob) -> str:
        return obj.requested_by.get_username() if obj.requested_by else "A program"

    # --- starting one ---------------------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        rows = self.choosable(request, Subscription).exclude(state=Subscription.State.ARCHIVED)
        rows = rows.select_related("company").defer("company__signing_key", *Subscription.ENCRYPTED).order_by("name")
        access = access_of(request)
        given: dict[str, Any] = {
            "rows": rows,
            "several": access.several,
            "all_of_one": access.only_company() is not None,
        }
        answers = request.POST if request.method == "POST" else _answers(request)
        if answers is None:
            return self._asked(request, ResendForm(initial=_initial(request), **given))
        form = ResendForm(answers, **given)
        if not form.is_valid():
            return self._asked(request, form)
        counts = {row: resend_jobs.find_matching(row, **form.filters()).count() for row in form.subscriptions()}
        found = {row: count for row, count in counts.items() if count}
        if not found:
            form.add_error(None, "There are no webhooks to send again in this period. Choose an earlier start.")
            return self._asked(request, form)
        if "start" in request.POST:
            return self._start(request, form, found)
        return self._asked(request, form, found)

    def _start(self, request: HttpRequest, form: ResendForm, found: dict[Subscription, int]) -> HttpResponse:
        jobs = []
        for subscription in found:
            try:
                with transaction.atomic():
                    job = resend_jobs.start(
                        subscription, per_second=form.rate, requested_by=request.user, **form.filters()
                    )
                    detail = f"{job.total} webhooks of “{subscription}”, {form.rate} a second"
                    audit_log.record(audit_log.Actor.person(request.user), "Started a resend", job, detail=detail)
            except ActionRefused as reason:
                self.message_user(request, f"“{subscription}”: {reason}", messages.ERROR)
            else:
                jobs.append(job)
        if not jobs:
            return self._asked(request, form)
        if len(jobs) == 1:
            return HttpResponseRedirect(self.change_url(jobs[0].pk))
        self.message_user(request, f"Started {len(jobs)} resends.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:subscriptions_resendjob_changelist"))

    def _asked(
        self, request: HttpRequest, form: ResendForm, found: dict[Subscription, int] | None = None
    ) -> HttpResponse:
        """The form; with `found`, the page that asks for confirmation."""
        total = sum((found or {}).values())
        return TemplateResponse(
            request,
            "admin/subscriptions/resendjob/ask.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": "Send many again",
                "form": form,
                "found": [(row, f"{count:,}", row.state) for row, count in (found or {}).items()],
                "total": f"{total:,}",
                "one": total == 1,
                "takes": times.format_duration(max(found.values()) / form.rate) if found else "",
                "hidden": form.hidden_inputs() if found else [],
                "list_url": reverse("admin:subscriptions_resendjob_changelist"),
                "zone": times.name_zone(),
            },
        )

    # --- watching one ---------------------------------------------------------------------------------------------
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # Django's "save as new" would only check the add permission
        return super().change_view(request, *args, **kwargs)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {**super().page_context(request, obj), **self._page(request, obj)}

    def _page(self, request: HttpRequest, obj: ResendJob) -> dict[str, Any]:
        return {
            "title": f"{'Past events' if obj.kind == Kind.PAST else 'Send again'} to {obj.subscription.name}",
            "subtitle": None,
            "job": obj,
            "state": self.state_badge(obj),
            "status_text": _describe_progress(obj),
            "value": _value(obj),
            "running": obj.state == State.RUNNING,
            "since": times.time_tag(obj.since),
            "until": times.time_tag(obj.until),
            "states": ", ".join(str(Delivery.State(state).label) for state in obj.states),
            "past": obj.kind == Kind.PAST,
            "events": ", ".join(catalogue.label(name) for name in obj.events or []),
            "left_out": past_words.describe_left_out(obj),
            "by": self.by(obj),
            "several": access_of(request).several,
            "progress_url": reverse("admin:subscriptions_resendjob_progress", args=[obj.pk]),
        }

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script: `state`, `value` and `max` of the progress bar, and `status_text`."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such resend.")
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        return JsonResponse(
            {"state": obj.state, "value": _value(obj), "max": obj.total, "status_text": _describe_progress(obj)}
        )

    # --- ending one -----------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        return ("cancel",) if obj.state == State.RUNNING else ()

    @button("Cancel the rest")
    def cancel(self, request: HttpRequest, obj: ResendJob) -> None:
        was_running = obj.state == State.RUNNING
        resend_jobs.cancel(obj)
        if not was_running or obj.state != State.CANCELLED:
            self.message_user(request, "This resend has already ended.", messages.WARNING)
            return
        audit_log.record(
            audit_log.Actor.person(request.user), "Cancelled a resend", obj, detail=_describe_progress(obj)
        )
        self.message_user(request, _describe_progress(obj), messages.SUCCESS)

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Initial values from the query string. The form itself limits the choices."""
    asked = {name: request.GET[name] for name in ("subscription", "since", "until") if request.GET.get(name)}
    states = [state for state in request.GET.getlist("states") if state in resend_jobs.STATES]
    return {**asked, **({"states": states} if states else {})}


def _answers(request: HttpRequest) -> QueryDict | None:
    """What a link with `count` has answered already: the page that it opens is the one that confirms."""
    if "count" not in request.GET:
        return None
    answers = request.GET.copy()
    answers.setdefault("per_second", str(resend_jobs.DEFAULT_PER_SECOND))
    if "states" not in answers:
        answers.setlist("states", [str(state) for state in resend_jobs.DEFAULT_STATES])
    return answers


def _value(job: ResendJob) -> int:
    """The value of the progress bar: full when the job is done, even if some webhooks were resent by hand."""
    return job.total if job.state == State.DONE else min(job.looked_at, job.total)


def _describe_progress(job: ResendJob) -> str:
    progress = (
        past_words.describe_progress(job) if job.kind == Kind.PAST else f"{job.sent:,} of {job.total:,} sent again"
    )
    if job.state == State.CANCELLED:
        return f"Cancelled: {progress}. The rest is unchanged."
    if job.state == State.DONE:
        rest = "" if job.looked_at >= job.total or job.kind == Kind.PAST else " The others were already waiting."
        return f"Done: {progress}.{rest}"
    if job.subscription.state != Subscription.State.ACTIVE:
        return f"{progress}. Waiting until “{job.subscription}” is resumed."
    left = times.format_duration(max(0, job.total - job.looked_at) / job.per_second)
    return f"{progress}, about {left} left."
