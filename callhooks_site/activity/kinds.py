"""The three kinds of rows of the list: their tables, times, and how each is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage


@dataclass(frozen=True)
class Kind:
    """`time`: the field by which rows are sorted; an index begins with the company and it. `person`, `tags`, `source`
    and `tracker`: paths from a row to what filters ask for; empty where a kind has none."""

    name: str
    label: str
    model: type[Model]
    time: str
    person: str
    tags: str
    source: str
    tracker: str

    @property
    def rows(self) -> Any:
        return self.model._default_manager.all()


CALL = Kind("call", "Calls", Call, "start_time", "person", "tags", "source", "tracker")
TEXT = Kind("text", "Texts", TextMessage, "sent_at", "thread__person", "thread__tags", "", "tracker")
FORM = Kind("form", "Forms", FormSubmission, "submitted_at", "person", "tags", "source", "")
KINDS = (CALL, TEXT, FORM)
BY_NAME = {kind.name: kind for kind in KINDS}
