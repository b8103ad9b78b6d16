"""“Try it on the last 7 days”, on the form of a subscription: what its filter says of past events, before it is saved.

The button sends the form like “Save”. It is checked as far as the filter goes, shown again as it was typed, and not
saved.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ..events import catalogue
from ..lib.errors import ActionRefused
from ..past import dry_run
from ..past.dry_run import Counts, DryRun
from ..past.judging import Judged, Outcome, Wish
from .filter_choices import PREFIX
from .filter_form import FilterForm
from .kit import labels, subjects, times
from .kit.scoped_forms import ScopedForms

TRY = "_try"
_BADGES = {
    Outcome.GOES: ("Would go", "good"),
    Outcome.FILTERED: ("Filtered out", "quiet"),
    Outcome.UNKNOWN: ("Not known", "warn"),
    Outcome.THERE: ("There already", "quiet"),
    Outcome.NO_BODY: ("Other version", "quiet"),
    Outcome.GONE: ("Gone", "warn"),
}


def _is_judged_by(name: str) -> bool:
    return name in ("company", "events", "call_direction", "payload_version") or name.startswith(PREFIX)


class DryRunForm(FilterForm):
    """`tried`: set instead of saving, if nothing is wrong with what the filter needs."""

    trying = False
    tried: Wish | None = None

    def is_valid(self) -> bool:
        return super().is_valid() and not self.trying

    def clean(self) -> dict[str, Any]:
        if not self.trying:
            return super().clean()
        for name in [*self.errors]:
            if not _is_judged_by(name):
                del self.errors[name]  # a URL, say, that is not typed yet
        before = self.instance.conditions
        cleaned = {name: value for name, value in super().clean().items() if _is_judged_by(name)}
        asked, self.instance.conditions = self.instance.conditions, before
        if not self.errors:
            self.tried = self._wish(cleaned, asked)
        return cleaned

    def _post_clean(self) -> None:
        if not self.trying:  # the row of the page stays as it is stored
            super()._post_clean()  # type: ignore[misc]

    def _wish(self, cleaned: dict[str, Any], conditions: dict[str, Any] | None) -> Wish:
        row = self.instance
        company = row.company if row.company_id else cleaned["company"]
        return Wish(
            company.pk,
            cleaned["events"],
            conditions if conditions is not None else company.default_conditions,
            cleaned.get("call_direction") or row.call_direction,
            cleaned.get("payload_version") or row.payload_version,
            row.resource_id if row.pk else "",
        )


class DryRunAdmin(ScopedForms):
    """Its form is a DryRunForm."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.trying = request.method == "POST" and TRY in request.POST
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        wish = context["adminform"].form.tried
        if wish is not None:
            try:
                context |= {"dry_run": self.shown(dry_run.run(wish))}
            except ActionRefused as refused:
                self.message_user(request, str(refused), messages.ERROR)
        return super().render_change_form(request, context, *args, **kwargs)

    def shown(self, found: DryRun) -> dict[str, Any]:
        samples = [*found.going, *found.staying]
        names = subjects.find_names(self.admin_site, {one.event.subject_id for one in samples})
        return {
            "sentence": describe(found.counts),
            "unknown": found.counts.not_known,
            "types": [
                {"label": catalogue.label(name), "of": describe_judged(counts), "counts": counts}
                for name, counts in found.types.items()
            ],
            "going": [self._row(one, names) for one in found.going],
            "staying": [self._row(one, names) for one in found.staying],
        }

    def _row(self, one: Judged, names: dict[str, str]) -> dict[str, Any]:
        subject = one.event.subject_id
        return {
            "type": catalogue.label(one.event.type),
            "at": times.time_tag(one.event.created_at),
            "name": names.get(subject) or subject,
            "url": subjects.subject_url(self.admin_site, subject),
            "badge": labels.badge(*_BADGES[one.outcome]),
            "reason": one.reason,
        }


def describe(counts: Counts) -> str:
    """`Of the newest 2,000 of 48,000 events of the last 7 days, 1,204 would have been sent and 796 left out.`"""
    if not counts.judged:
        return "There was no event of these types in the last 7 days, so there is nothing to try it on."
    parts = [f"{counts.would_go:,} would have been sent"]
    parts += [f"{counts.filtered_out:,} left out"] if counts.filtered_out or not counts.not_known else []
    parts += [f"{counts.not_known:,} cannot be judged any more"] if counts.not_known else []
    said = " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
    return f"Of {describe_judged(counts)} of the last 7 days, {said}."


def describe_judged(counts: Counts) -> str:
    """`the newest 2,000 of 48,000 events`, or `48 events` if these are all."""
    if counts.judged == counts.total and not counts.at_least:
        return "1 event" if counts.total == 1 else f"{counts.total:,} events"
    more = "more than " if counts.at_least else ""
    return f"the newest {counts.judged:,} of {more}{counts.total:,} events"
