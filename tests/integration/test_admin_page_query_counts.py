"""How many queries every page of the admin takes, as a company's owner and as operator: pinned, page by page.

A page that is added fails here until its number stands in tests/data/admin_queries.json, and so does one whose number
grew or shrank. `./dev test` asks for a third of the pages as the one and for a third as the other. That the numbers do
not grow with the rows is in test_admin_log_query_counts.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support import factories
from tests.support.admin import login, two_tenants, unlogged_refusals
from tests.support.long_tests import shares_of
from tests.support.site_addresses import address, leaves, row_of

pytestmark = pytest.mark.django_db
PINNED = json.loads((Path(__file__).parents[1] / "data" / "admin_queries.json").read_text())


@pytest.mark.parametrize(("who", "share"), shares_of("owner", "operator"), ids=str)
def test_every_page_takes_the_queries_that_it_is_known_to_take(who, share, django_user_model):
    ours, _ = two_tenants()
    user = (
        factories.make_member(ours.company, "owner", username="walker@example.com")
        if who == "owner"
        else django_user_model.objects.create_superuser("walker@example.com", password="x")
    )
    client, found = login(user), {}
    ContentType.objects.get_for_models(*apps.get_models())  # read once by a process, whatever it does
    client.get("/admin/")
    asked = share.of(leaves())
    not_asked = {leaf.name or leaf.pattern for leaf in leaves() if leaf not in asked}
    with unlogged_refusals():
        for leaf in asked:
            # What a page that answers JSON or leads elsewhere costs is little, and in the page that it serves.
            # Nor is a page about a row that no tenant has, such as the queue's, there in every run.
            of_nobody = "object_id" in leaf.parts and row_of(leaf, ours) is None
            if of_nobody or not leaf.in_admin:
                continue
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address(leaf, ours))
            if answer.status_code == 200:
                found[leaf.name or leaf.pattern] = len(queries)
    changed = {
        name: f"{PINNED[who].get(name)} → {found.get(name)}"
        for name in {**PINNED[who], **found}
        if PINNED[who].get(name) != found.get(name) and name not in not_asked
    }
    assert not changed, f"If that is meant, write it into tests/data/admin_queries.json: {json.dumps(changed)}"
