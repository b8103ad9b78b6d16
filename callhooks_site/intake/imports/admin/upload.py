"""The question before an import: what, for whom, and which file."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db.models import QuerySet
from django.http import HttpRequest

from subscriptions.models import Company

from ..models import ImportJob

FORM_BYTES = 20_000  # what the form's other fields and the parts' headers take at most
CHUNK = 64 * 1024
# A body that is too large is read past so far, for a browser whose upload is cut shows its own error instead of ours.
READ_PAST = 100_000_000


def most_bytes() -> int:
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def too_large(request: HttpRequest) -> str:
    """What is wrong with the size of this request, in words; nothing of its body is kept."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return ""
    if length <= most_bytes() + FORM_BYTES:
        return ""
    left = min(length, READ_PAST)
    while left > 0 and (chunk := request.read(min(CHUNK, left))):
        left -= len(chunk)
    return (
        f"The file is larger than {in_megabytes(most_bytes())}, the most that this page takes. Divide it, or ask "
        "whoever runs this service: manage.py import_data takes files of any size; REQUEST_MAX_BYTES is the limit here."
    )


def in_megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB"


class InMemory(FileUploadHandler):
    """Files stay in memory, for what is in them is not for the disk. `too_large` has looked at the size before."""

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
        widget=forms.FileInput(attrs={"accept": ".csv,.jsonl,.ndjson"}),
        error_messages={"empty": "This file is empty.", "required": "Choose a file."},
    )
    encoding = forms.ChoiceField(
        initial="utf-8-sig",
        choices=[("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252 (Western Europe)")],
        help_text="Excel’s “CSV UTF-8” is UTF-8; its plain “CSV” mostly is Windows-1252.",
    )
    source = forms.RegexField(
        r"^\S(.{0,38}\S)?$",
        label="Where it comes from",
        initial="import",
        help_text="The external_source of lines that name none, such as your old provider’s name: 1 to 40 characters. "
        "The same line from the same source is never made twice.",
        error_messages={"invalid": "Use 1 to 40 characters."},
    )

    def __init__(self, *args: Any, companies: QuerySet[Company], only: Company | None, **kwargs: Any) -> None:
        """`only`: the one company that is meant where there is nothing to choose."""
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = f"CSV or JSON Lines, {in_megabytes(most_bytes())} at most."
        if only is not None:
            del self.fields["company"]
        else:
            field: Any = self.fields["company"]
            field.queryset = companies
        self._only = only

    @property
    def company_meant(self) -> Company:
        return self._only or self.cleaned_data["company"]
