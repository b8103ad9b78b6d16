"""The page on which somebody says what each column of a file is, with the first lines as they would be imported."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from subscriptions.admin.kit.buttons import ButtonsAdmin, button

from .. import job_mapping, jobs
from ..kinds import KINDS
from ..mapping import ColumnMapping, find_preset, guess
from ..models import ImportJob
from ..presets import PRESETS
from .mapping_form import MappingForm, PresetForm
from .sample import read_sample, show_lines, show_values

State = ImportJob.State


class ColumnsPage(ButtonsAdmin):
    @button("Columns", opens_page=True)
    def columns(self, request: HttpRequest, obj: ImportJob) -> HttpResponse | None:
        if obj.state not in jobs.UNDECIDED or obj.state == State.CHECKING or not obj.cells or not obj.columns:
            self.message_user(request, "The columns of this import cannot be changed any more.", messages.WARNING)
            return None
        given = request.POST if request.method == "POST" else None
        form = MappingForm(obj, obj.company, self._current(request, obj), given)
        if given is not None and form.is_valid() and given.get("do") == "check":
            mapping = form.build_mapping()
            if jobs.confirm_columns(obj, mapping):
                self.audit(request, "Chose the columns of a file", obj, detail=mapping.preset)
            return None
        mapping = form.build_mapping() if given is not None else self._current(request, obj)
        return self._show_columns(request, obj, form, mapping)

    def _current(self, request: HttpRequest, obj: ImportJob) -> ColumnMapping:
        """What is stored, or the guess for the system that was chosen above the table."""
        stored = ColumnMapping.from_json(obj.mapping)
        chosen = request.GET.get("preset")
        if chosen not in (*PRESETS, "other"):
            return stored
        fields = KINDS[obj.kind].columns
        guessed = guess(obj.kind, [str(name) for name in obj.columns], fields, PRESETS.get(chosen))
        return job_mapping.refine(obj, guessed, read_sample(obj))

    def _show_columns(
        self, request: HttpRequest, obj: ImportJob, form: MappingForm, mapping: ColumnMapping
    ) -> HttpResponse:
        sample = read_sample(obj)
        found = find_preset(obj.kind, [str(name) for name in obj.columns])
        examples, errors = show_lines(obj, mapping, sample)
        return self.render_page(request, obj, "imports/importjob/columns.html", {
            "title": "What is in each column?",
            "job": obj,
            "form": form,
            "rows": list(form.column_rows(show_values(sample))),
            "preset_form": PresetForm(obj.kind, mapping.preset),
            "preset_label": PRESETS[mapping.preset].label if mapping.preset in PRESETS else "",
            "found": found.label if found else "",
            "examples": examples,
            "errors": errors,
            "remembered": request.method == "GET" and "preset" not in request.GET and job_mapping.recall(obj),
        })  # fmt: skip
