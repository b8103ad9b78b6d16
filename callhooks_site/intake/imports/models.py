"""Imports of the admin, and the parts of their files that are still to be imported."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value
from django.db.models.functions import Now

from subscriptions.models import Company
from subscriptions.models.fields import EncryptedTextField


class ImportJob(models.Model):
    """A file to import: it is checked and, if somebody starts it, imported, both in the background (`steps`).

    `done` counts the pieces of the current pass and is written together with a piece's rows, so a restart continues
    after them. The counts are those of the check until the import starts, then those of the import.
    """

    class Kind(models.TextChoices):
        CALLS = "calls", "Calls"
        TEXTS = "texts", "Texts"
        FORMS = "forms", "Forms"

    class State(models.TextChoices):
        MAPPING = "mapping", "Columns to confirm"
        CHECKING = "checking", "Being checked"
        READY = "ready", "Ready to start"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    company = models.ForeignKey(Company, models.PROTECT, related_name="import_jobs")
    kind = models.CharField("what", max_length=10, choices=Kind.choices)
    file_name = models.CharField("file", max_length=200)
    cells = models.BooleanField(default=True)  # a table: all values are texts
    columns = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # their names in the file
    # A `ColumnMapping`. Empty: the pieces of an earlier version have the names of our fields.
    mapping = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    note = models.CharField(max_length=500, blank=True, default="", db_default="")  # what of the file is not read
    source = models.CharField(max_length=40, default="import")
    publish = models.BooleanField(null=True)  # null: not chosen yet
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    pieces_total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)  # of the file
    stored_bytes = models.PositiveBigIntegerField(default=0, db_default=0)  # of its pieces, until it is over
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0, db_default=0)  # lines that are nothing of their own
    left_out_reasons = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # Digests of what the check found to be new: it leaves nothing in the database that would show a duplicate.
    seen = ArrayField(models.BigIntegerField(), default=list)
    examples = EncryptedTextField(default="", blank=True)  # JSON: the first rows that would be created
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    stepped_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "import"
        ordering = ["-pk"]
        indexes = [
            models.Index("id", condition=models.Q(state__in=("checking", "running")), name="import_job_at_work"),
            models.Index(fields=["company", "-id"], name="import_job_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.file_name}"


class ImportPiece(models.Model):
    """Some lines of the file: a list of [line number, values, error], as `stored_lines` packs it.

    They are in the database because the web server and the cluster share nothing else. Deleted once imported.
    """

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    lines = EncryptedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return f"Piece {self.number}"


class ImportFault(models.Model):
    """An error of a line."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="faults", db_index=False)
    line = models.PositiveIntegerField()
    where = models.CharField(max_length=200, blank=True)  # the column; empty: the whole line
    words = models.CharField(max_length=500)

    class Meta:
        indexes = [models.Index("job", "line", name="import_fault_of_job")]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.words}"


class RememberedMapping(models.Model):
    """How a company last mapped the columns of such a file."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    signature = models.CharField(max_length=64)  # of the kind and the columns: `mapping.signature`
    mapping = models.JSONField()
    used_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "signature"], name="remembered_mapping_once")]

    def __str__(self) -> str:
        return f"Mapping {self.pk}"
