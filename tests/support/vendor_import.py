"""An import from our own API v3, and what two companies show of themselves through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from callhooks_site.intake.vendor_import.client import Answer, VendorClient
from callhooks_site.intake.vendor_import.models import VendorCompany
from callhooks_site.intake.vendor_import.run import VendorImport
from callhooks_site.vendor_api import ids
from callhooks_site.vendor_api.call_fields import SHAPE as CALLS
from callhooks_site.vendor_api.forms import SHAPE as FORMS
from subscriptions.models import Company
from tests.support.vendor_api import Vendor

BASE = "http://localhost/v3"
# What is another's in another company: ids, and addresses and times that hold one or are made with the row.
OWN = """
id company_id company_name tracker_id initial_tracker_id current_tracker_id person_id recording recording_player
timeline_url created_at company good_lead_call_id
""".split()


def ask(url: str, headers: Mapping[str, str]) -> Answer:
    """A request to this very process."""
    parts = urlsplit(url)
    answer = Client().get(f"{parts.path}?{parts.query}", headers=dict(headers), HTTP_HOST="localhost")
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


def importer(source: Company, target: Company, token: str, *, get: Any = ask, **options: Any) -> VendorImport:
    waits: list[float] = []
    vendor, _ = VendorCompany.objects.get_or_create(
        base_url=BASE, account_id=ids.account_id(source), company_id=source.resource_id, target=target
    )
    run = VendorImport(
        VendorClient(BASE, token, get=get, sleep=waits.append, tell=lambda words: None),
        vendor,
        **{
            "publish": False,
            "since": "",
            "tell": lambda words: None,
            "progress": lambda progress, total: None,
            **options,
        },
    )
    run.waits = waits  # type: ignore[attr-defined]
    return run


def shown(company: Company) -> dict[str, Any]:
    """All of a company as API v3 shows it, without what is its own."""
    client = Vendor(company)
    everything: dict[str, Any] = {}
    lists = {
        "trackers": {}, "tags": {}, "companies": {},
        "calls": {"date_range": "all_time", "fields": ",".join(CALLS.fields), "per_page": 250},
        "form_submissions": {"date_range": "all_time", "fields": ",".join(FORMS.fields), "per_page": 250},
        "text-messages": {"date_range": "all_time", "fields": "lead_status"},
        "sms-threads": {"date_range": "all_time"},
    }  # fmt: skip
    for name, params in lists.items():
        rows = [row for body in client.by_link(f"{name}.json", **params) for row in list(body.values())[-1]]
        if name == "text-messages":
            for row in rows:
                row["messages"] = [
                    _comparable(message)
                    for body in client.by_link(f"text-messages/{row['id']}.json")
                    for message in body["messages"]
                ]
        everything[name] = sorted(map(_comparable, rows), key=str)
    for row in everything["companies"]:
        row.pop("name")
    return everything


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: value for name, value in row.items() if name not in OWN or (name == "created_at" and "content" in row)
    }
    for name in ("recording", "recording_player"):
        if name in row:
            kept[name] = bool(row[name])
    return {name: sorted(value) if name == "tags" else value for name, value in kept.items()}
