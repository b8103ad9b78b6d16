"""“Send past events…”, on a subscription's page: which ones, a count, and a job that sends them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ..lib.errors import ActionRefused
from ..models import Subscription
from ..past import jobs
from ..past.dry_run import DryRun
from ..past.reading import kept_since
from .dry_runs import DryRunAdmin
from .kit import times
from .kit.buttons import ButtonsAdmin, button
from .past_events_form import PastEventsForm
from .past_words import describe_found, describe_job, describe_rest


class PastEventsAdmin(DryRunAdmin, ButtonsAdmin):
    @button("Send past events…", opens_page=True, icon="rotate-cw", more=True)
    def past_events(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        form = PastEventsForm(request.POST if request.method == "POST" else None, to=obj)
        found = None
        if form.is_bound and form.is_valid():
            try:
                if "start" in request.POST:
                    return self._start(request, obj, form)
                found = jobs.count(obj, **form.asked())
            except ActionRefused as refused:
                form.add_error(None, str(refused))
            else:
                if not found.counts.judged and not found.counts.at_least:
                    form.add_error(None, "There are no events of these types in that time. Choose an earlier start.")
                    found = None
        return self.render_page(request, obj, "subscriptions/subscription/past_events.html", self._asked(form, found))

    def _start(self, request: HttpRequest, obj: Subscription, form: PastEventsForm) -> HttpResponse:
        job = jobs.start(obj, per_second=form.rate, requested_by=request.user, **form.asked())
        self.log_change(request, obj, f"Started to send past events. {describe_job(job)}")
        self.message_user(request, "Started. You can leave this page: it goes on in the background.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:subscriptions_resendjob_change", args=[job.pk]))

    def _asked(self, form: PastEventsForm, found: DryRun | None) -> dict[str, Any]:
        kept = kept_since()
        context = {"form": form, "found": found is not None, "zone": times.name_zone()}
        context["kept_since"] = times.time_tag(kept)
        if found is None:
            return context
        return {
            **context,
            "sentence": describe_found(found.counts),
            "lines": describe_rest(found.counts),
            "since": times.time_tag(found.since),
            "until": times.time_tag(found.until),
            "some_gone": form.cleaned_data["since"] < kept,
            "takes": times.format_duration(max(1, found.counts.total / form.rate)),
            "dry_run": self.shown(found),
            "hidden": form.hidden_inputs(),
            "none": not found.counts.would_go and found.counts.judged == found.counts.total,
        }
