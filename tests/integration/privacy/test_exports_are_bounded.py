"""Handing out a person's data ends no web process: few at once, and some megabytes of it in memory."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from callhooks_site.privacy import exporting, handing_out, who
from subscriptions.models import AuditEntry
from tests.support import factories
from tests.support.admin import Tenant, login
from tests.support.api import program
from tests.support.markers import PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


def test_a_process_makes_few_at_once(ours):
    tenants = [ours, *(Tenant(f"Other {number}", f"+1214555016{number}") for number in range(2))]
    for tenant in tenants:
        factories.ended_call(tenant.company, tenant.tracker, customer_phone_number=PHONE)
    keys = [program(tenant.company, ["read"]) for tenant in tenants]
    people = [key.get("/api/v1/people/").json()["results"][0]["resource_id"] for key in keys]

    def ask(number):
        return keys[number].get(f"/api/v1/person-exports/{people[number]}/")

    first, again = ask(0), ask(0)
    assert (first.status_code, again.status_code) == (200, 429)
    assert again.headers["Retry-After"] == "10"
    second = ask(1)
    assert (second.status_code, ask(2).status_code) == (200, 429)
    owner = login(factories.make_member(tenants[2].company, "owner", username="o@example.com"))
    page = owner.post("/admin/privacy/erasure/add/", {"contact": PHONE, "export": "yes"})
    assert "Try again in 10 seconds" in page.content.decode()
    assert (
        AuditEntry.objects.filter(act="Exported a person's data").count() == 2
    )  # what was not given is not in the log
    first.close()  # though nothing of it was read
    second.close()
    third = ask(2)
    assert len(json.loads(b"".join(third.streaming_content))["calls"]) == 1
    third.close()
    assert handing_out.SLOTS.take(ours.company.pk)
    handing_out.SLOTS.give_back(ours.company.pk)


@pytest.mark.long(short="tests/integration/privacy/test_exports_are_bounded.py::test_a_process_makes_few_at_once")
def test_long_transcripts_are_not_all_in_memory(ours):
    for _ in range(12):
        factories.ended_call(
            ours.company, ours.tracker, customer_phone_number=PHONE, transcription_text="a" * 2_000_000
        )
    found = who.find(ours.company, PHONE)
    tracemalloc.start()
    try:
        size = sum(map(len, exporting.write(ours.company, found)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 12 * 4_000_000
    assert peak < 37_000_000  # 30 in fact: rows of 20, and an event with its text as JSON
