"""All rows of a company as they are, to see that nobody changed one."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from calls.models import Call
from subscriptions.models import ApiKey
from tests.support.admin import Tenant, name_of, pages

# Asking with a key is told on its row.
SEEN_ON = {name_of(ApiKey): {"last_used_at"}}


def tenant_pages() -> list[tuple[type[Model], Any]]:
    return [(model, page) for model, page in pages() if getattr(page, "tenant_scoped", False)]


def snapshot(tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """By the model's name, and `tags`."""
    rows = {}
    for model, page in tenant_pages():
        mine = model._default_manager.filter(**{page.company_path: tenant.company.pk}).order_by("pk")
        ignored = SEEN_ON.get(name_of(model), set())
        rows[name_of(model)] = [
            {name: value for name, value in row.items() if name not in ignored} for row in mine.values()
        ]
    tags = Call.tags.through.objects.filter(call__company=tenant.company).order_by("pk")
    rows["tags"] = list(tags.values("call_id", "tag_id"))
    return rows
