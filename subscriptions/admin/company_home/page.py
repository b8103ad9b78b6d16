"""What templates/admin/home/company.html shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ...maintenance import statistics
from ...models import Company, Membership
from ...tenancy.access import OWNERS, access_of
from ..kit import checklist, home_parts, times
from . import charts
from .looks import Overview, read_overview
from .sentence import say
from .todos import list_todos

MOST_MEMBERS = 5


def context(request: HttpRequest, company: Company) -> dict[str, Any]:
    access = access_of(request)
    may_write = access.may_write(company.pk)
    seen = read_overview(company.pk)
    common = {
        "company": company,
        "sentence": say(seen, may_write=may_write),
        "may_write": may_write,
        "log": reverse("admin:subscriptions_delivery_changelist"),
        "kept": f"&company={company.pk}" if access.several else "",
    }
    if may_write and not checklist.is_finished([company.pk]):
        return {**common, "first_day": _first_day(request, company, seen)}
    span = request.GET.get("span", "")
    span = span if span in charts.SPANS else "24h"
    hours = statistics.read_for_companies([company.pk], hours=charts.SPANS[span][1])
    invite = reverse("admin:subscriptions_invitation_add") + (f"?company={company.pk}" if access.several else "")
    return {
        **common,
        "spans": [(name, label, name == span) for name, (label, _) in charts.SPANS.items()],
        "span": span,
        "chart": charts.draw_deliveries(hours, span) if hours else None,
        "figures": charts.figures_of(hours, seen),
        "rows": charts.draw_rows(seen),
        "more": max(0, len(seen.looks) - charts.SHOWN),
        "todos": list_todos(request, company, seen),
        "invite": invite if access.may_write(company.pk, by=OWNERS) else "",
        "parts": [(part.template, part.context(request, company)) for part in home_parts.parts()],
    }


def _first_day(request: HttpRequest, company: Company, seen: Overview) -> dict[str, Any]:
    """The setup checklist. The first step that is not done is the one to do now."""
    steps: list[dict[str, Any]] = [
        {
            "label": "Make your company",
            "help": f"{company.name}, times in {times.name_zone()}.",
            "done": True,
        }
    ]
    for one in checklist.steps():
        steps.append(
            {
                "label": one.label,
                "help": one.help,
                "done": one.done([company.pk]),
                "url": reverse(f"admin:{one.page}"),
                "button": one.button,
                "choices": [
                    {"choice": choice, "url": reverse(f"admin:{choice.page}")} for choice in checklist.choices()
                ]
                if one.has_choices
                else [],
            }
        )
    first = seen.looks[0] if seen.looks else None
    steps.append(
        {
            "label": "Send a test",
            "help": "You see at once what your server answered.",
            "done": False,
            "url": reverse("admin:subscriptions_subscription_change", args=[first.pk]) if first else "",
            "button": "Open the subscription",
            "later": "" if first else "After the subscription",
        }
    )
    now = next(step for step in steps if not step["done"])
    now["now"] = True
    members = Membership.objects.filter(company=company).select_related("user").order_by("pk")
    owner = access_of(request).may_write(company.pk, by=OWNERS)
    return {
        "steps": steps,
        "done": sum(step["done"] for step in steps),
        "members": list(members[:MOST_MEMBERS]),
        "invite": reverse("admin:subscriptions_invitation_add") if owner else "",
        "tried": bool(seen.day.retried or seen.day.failed or seen.waiting),
    }
