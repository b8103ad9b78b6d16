"""The admin pages for forms, their web sites and refused forms. Importing this registers them."""

from subscriptions.admin.kit import checklist

from ..models import FormSource
from . import contacts, refusals, sources, submissions

__all__ = ["contacts", "refusals", "sources", "submissions"]

checklist.register_choice(
    checklist.Choice(20, "text-cursor-input", "Web form", "One line in your site", "forms_intake_formsource_add")
)
checklist.register_source_check(lambda companies: FormSource.objects.filter(company__in=companies).exists())
