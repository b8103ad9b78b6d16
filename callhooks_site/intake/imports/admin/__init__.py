"""Imports in the admin."""

from subscriptions.admin.kit import checklist

from . import jobs

__all__ = ["jobs"]

checklist.register_choice(
    checklist.Choice(30, "upload", "Past calls", "A CSV or Excel file; sends nothing", "imports_importjob_add")
)
