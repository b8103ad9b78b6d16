"""The form for an upload: what, for which company, and the file."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db.models import QuerySet
from django.http import HttpRequest

from subscriptions.admin.kit.searched_choices import search_in
from subscriptions.models import Company

from ..models import ImportJob

FORM_BYTES = 20_000  # at most, for the form's other fields and the headers of its parts
CHUNK = 64 * 1024
# Up to this much of a body that is too large is read and discarded: a browser whose upload is cut off would show its
# own error instead of ours.
MOST_DISCARDED = 100_000_000


def most_bytes() -> int:
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def check_size(request: HttpRequest) -> str:
    """An error if the request is too large, and its body is then discarded; else empty."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return ""
    if length <= most_bytes() + FORM_BYTES:
        return ""
    left = min(length, MOST_DISCARDED)
    while left > 0 and (chunk := request.read(min(CHUNK, left))):
        left -= len(chunk)
    return (
        f"The file is larger than {in_megabytes(most_bytes())}, the limit of this page. Split it, or ask the operator: "
        "manage.py import_data takes files of any size, and REQUEST_MAX_BYTES raises the limit here."
    )


def in_megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB"


class InMemoryUpload(FileUploadHandler):
    """Keep the file in memory: its content must not be on the disk. `check_size` has limited it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._content.seek(0)
        return InMemoryUploadedFile(
            self._content, self.field_name, self.file_name, self.content_type, file_size, self.charset,
            self.content_type_extra,
        )  # fmt: skip


class UploadForm(forms.Form):
    company = forms.ModelChoiceField(Company.objects.none(), empty_label="Choose one")
    kind = forms.ChoiceField(label="What is in it", choices=ImportJob.Kind.choices)
    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.xlsx,.jsonl,.ndjson"}),
        error_messages={"empty": "This file is empty.", "required": "Choose a file."},
    )
    encoding = forms.ChoiceField(
        initial="auto",
        choices=[
            ("auto", "Found out from the file"),
            ("utf-8-sig", "UTF-8"),
            ("cp1252", "Windows-1252 (Western Europe)"),
            ("utf-16", "UTF-16"),
        ],
        help_text="Choose one only if letters such as é are wrong in the preview.",
    )
    source = forms.RegexField(
        r"^\S(.{0,38}\S)?$",
        label="Where it comes from",
        initial="import",
        help_text="The external_source of lines that name none, such as your old provider’s name: 1 to 40 characters. "
        "The same line from the same source is never imported twice.",
        error_messages={"invalid": "Use 1 to 40 characters."},
    )

    def __init__(self, *args: Any, companies: QuerySet[Company], only: Company | None, **kwargs: Any) -> None:
        """`only`: the company, if there is no choice."""
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = f"CSV, Excel (.xlsx) or JSON Lines, {in_megabytes(most_bytes())} at most."
        if only is not None:
            del self.fields["company"]
        else:
            field: Any = self.fields["company"]
            field.queryset = companies
            search_in(field, ImportJob._meta.get_field("company"))
        self._only = only

    @property
    def chosen_company(self) -> Company:
        return self._only or self.cleaned_data["company"]
