"""API v3 beside a million calls: each list with its filters, orders and pages, counts, summaries and time series."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.cpu import thread_seconds
from tests.bench.vendor_data import VendorData

if TYPE_CHECKING:
    from django.test import Client

ALL = "date_range=all_time"
YEAR = "date_range=last_year"
# What a request may ask of the calls beside their time.
FILTERS = (
    "", "direction=inbound", "direction=outbound", "answer_status=answered", "answer_status=missed",
    "answer_status=voicemail", "call_type=missed", "call_type=voicemails", "device=mobile", "lead_status=good_lead",
    "lead_status=not_a_lead", "lead_status=not_scored", "direction=outbound&device=mobile",
    "direction=outbound&answer_status=voicemail&device=desktop&lead_status=good_lead",
)  # fmt: skip
PAGES = ("", "&page=100", "&page=500&per_page=250")


@dataclass(frozen=True, slots=True)
class Asked:
    """`cpu_ms`: of this process and of its PostgreSQL backend."""

    path: str
    ms: float
    cpu_ms: float
    status: int

    @property
    def name(self) -> str:
        return f"v3 {self.path}{'' if self.status == 200 else f' ({self.status})'}"


def paths(data: VendorData) -> Iterator[str]:
    tracker = f"tracker_id={data.trackers[0]}"
    calls = [*FILTERS, tracker, f"{tracker}&direction=inbound"]
    for asked in calls:
        yield from (f"calls.json?{ALL}&{asked}{page}" for page in PAGES)
        yield f"calls.json?{ALL}&{asked}&relative_pagination=true&offset=400"
        yield f"calls.json?{YEAR}&{asked}&per_page=250"
        yield f"calls/summary.json?{ALL}&{asked}&fields=total_calls,leads,average_duration"
        yield f"calls/summary.json?{ALL}&{asked}&group_by=source"
        yield f"calls/timeseries.json?{ALL}&{asked}&interval=month&fields=total_calls,answered_calls"
        yield f"calls/timeseries.json?date_range=last_30_days&{asked}"
    yield from (
        f"calls.json?{wanted}"
        for wanted in ("", "date_range=today", "date_range=last_7_days", "sort=start_time&order=asc")
    )
    yield f"calls.json?{ALL}&order=asc&sort=start_time&per_page=250"
    recent = "date_range=last_30_days"  # what is not in an index looks through a bounded number
    yield from (
        f"calls.json?{recent}&{wanted}"
        for wanted in (
            "search=Person", "search=2145550123", "tags=Tag 3", "call_type=first_call", "sort=customer_name",
            "sort=duration", "sort=tags&fields=tags", "sort=lead_status", "fields=tags,milestones,transcription",
        )
    )  # fmt: skip
    for interval in ("week", "month", "year"):
        yield f"calls/timeseries.json?{ALL}&interval={interval}"
    yield "calls/timeseries.json?date_range=this_year&interval=week"
    yield "calls/timeseries.json?date_range=yesterday&interval=hour"
    yield from (f"calls/summary.json?{ALL}&group_by={group}" for group in ("", "source", "company", "company_id"))
    yield f"calls/summary.json?{recent}&group_by=campaign"
    yield f"calls/summary.json?{recent}&group_by=keywords&fields=first_time_callers"
    yield from (f"form_submissions.json?{wanted}" for wanted in ("", ALL, f"{ALL}&page=100", f"{recent}&sort=form_url"))
    yield "forms/summary.json?date_range=last_30_days&group_by=source"
    for name in ("text-messages", "sms-threads"):
        yield from (f"{name}.json?{wanted}" for wanted in ("", ALL, f"{ALL}&page=100", "search=Person 7"))
    yield from (f"leads.json?{wanted}" for wanted in ("", "page=300", "sort=created_at&order=asc"))
    yield f"leads/{data.person}/timeline.json"
    yield from (f"{name}.json" for name in ("trackers", "tags", "companies", "users"))
    yield f"integrations.json?company_id={data.company.pk}"


def walk(data: VendorData, wanted: Iterable[str], rounds: int) -> Iterator[Asked]:
    from django.test import Client

    client = Client(raise_request_exception=False, headers={"host": "callhooks.example.com"})
    account = f"ACC{data.company.resource_id[3:]}"
    for path in dict.fromkeys(wanted):
        yield _asked(client, data.key, account, path, rounds)


def _asked(client: Client, key: str, account: str, path: str, rounds: int) -> Asked:
    """The median, after one that is not counted."""
    from django.db import connection

    from callhooks_site.vendor_api.models import ListPosition, RequestCount

    took, used, status = [], [], 200
    for _ in range(rounds + 1):
        ListPosition.objects.all().delete()  # nobody remembers the page before this one
        RequestCount.objects.all().delete()  # nor that there is a limit
        backend = connection.connection.info.backend_pid
        begun, worked, served = time.perf_counter(), time.thread_time(), thread_seconds(backend)
        response = client.get(f"/v3/a/{account}/{path}", secure=True, headers={"Authorization": f'Token token="{key}"'})
        took.append((time.perf_counter() - begun) * 1000)
        used.append((time.thread_time() - worked + thread_seconds(backend) - served) * 1000)
        status = response.status_code
        if status >= 500:
            break
    return Asked(path, statistics.median(took[1:] or took), statistics.median(used[1:] or used), status)
