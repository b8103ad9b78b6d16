"""Contract 10: trackers."""

from __future__ import annotations

from typing import Any

import pytest

from calls.models import Tracker
from tests.support.contract_client import check_envelope
from tests.support.contract_shapes import TRACKER, check
from tests.support.factories import make_tracker


@pytest.fixture
def tracker(company):
    return make_tracker(
        company, phone_number="+14045550100", name="Google Ads", source="google_paid",
        destination_number="+14045550101",
    )  # fmt: skip


def test_a_tracker(client, company, tracker):
    (listed,) = check_envelope("trackers", client.get("trackers"))
    check(TRACKER, listed, also=("message_flow",))
    assert listed["tracking_numbers"] == ["+14045550100"]
    assert listed["destination_number"] == "+14045550101"
    assert listed["company"] == {"id": client.company, "name": company.name}
    flow = listed["call_flow"]
    assert flow["type"] == "basic"
    assert flow["destination_number"] == "+14045550101"
    assert set(flow) == {
        "type", "recording_enabled", "destination_number", "greeting_text", "greeting_recording_url",
    }  # fmt: skip
    assert listed["source"]["type"] in (
        "all", "landing_url", "landing_params", "offline", "web_referrer", "direct", "search", "google_ad_extension",
        "mobile_ad_extension", "google_my_business", "facebook_all", "bing_all",
    )  # fmt: skip
    assert client.get(f"trackers/{tracker.resource_id}") == listed


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("google_paid", {"type": "search", "search_engine": "google", "search_type": "paid"}),
        ("google_organic", {"type": "search", "search_engine": "google", "search_type": "organic"}),
        ("bing_paid", {"type": "search", "search_engine": "bing", "search_type": "paid"}),
        ("direct", {"type": "direct"}),
        ("google_my_business", {"type": "google_my_business"}),
        ("", {"type": "all"}),
        ("Billboard", {"type": "offline"}),
    ],
)
def test_sources(client, company, source, expected):
    tracker = make_tracker(company, source=source)
    assert client.get(f"trackers/{tracker.resource_id}")["source"] == expected


def test_selected_fields(client, tracker):
    (listed,) = client.get("trackers", fields="campaign_name,swap_targets")["trackers"]
    check({**TRACKER, "campaign_name": [str, None], "swap_targets": list}, listed, also=("message_flow",))


FILTERS: Any = [
        ({"sort": "name"}, ["Google Ads", "Old", "Site"]),
        ({"sort": "name", "order": "desc"}, ["Site", "Old", "Google Ads"]),
        ({"status": "active"}, ["Google Ads", "Site"]),
        ({"status": "disabled"}, ["Old"]),
        ({"type": "source"}, ["Google Ads", "Old", "Site"]),
        ({"type": "session"}, []),
        ({"search": "google"}, ["Google Ads"]),
    ]  # fmt: skip


def test_filters(client, company, tracker):
    make_tracker(company, name="Site")
    make_tracker(company, name="Old", active=False)
    for params, expected in FILTERS:
        found = [row["name"] for row in client.get("trackers", **params)["trackers"]]
        assert (found if "sort" in params else sorted(found)) == expected, params


def test_changes(client, tracker):
    body = client.put(f"trackers/{tracker.resource_id}", {"name": "Bing"})
    check(TRACKER, body, also=("message_flow",))
    assert (body["name"], body["destination_number"]) == ("Bing", "+14045550101")
    source = {"type": "search", "search_engine": "bing", "search_type": "paid"}
    assert client.put(f"trackers/{tracker.resource_id}", {"source": source})["source"] == source
    flow = {**body["call_flow"], "destination_number": "+14045550102"}
    assert client.put(f"trackers/{tracker.resource_id}", {"call_flow": flow})["destination_number"] == "+14045550102"
    assert client.put(f"trackers/{tracker.resource_id}", {"status": "disabled"})["status"] == "active"


BAD = [
        {"name": ""}, {"name": 7}, {"call_flow": "basic"}, {"call_flow": {"type": "basic", "destination_number": "x"}},
        {"source": "google"}, {"name": None}, {"name": "x" * 400}, {"call_flow": []}, {"source": {"type": "nonsense"}},
        {"call_flow": {"type": "basic", "destination_number": 5}},
    ]  # fmt: skip


def test_what_a_tracker_cannot_be(client, tracker):
    for body in BAD:
        assert client.ask("PUT", f"trackers/{tracker.resource_id}", body).status in (400, 422)
        assert Tracker.objects.get().name == "Google Ads"


def test_a_call_flow_is_replaced_as_a_whole(client, tracker):
    body = client.put(f"trackers/{tracker.resource_id}", {"call_flow": {"type": "basic", "greeting_text": "Hi"}})
    assert body["destination_number"] is None


def test_unknown_sources_are_named_so(client, tracker):
    body = {"source": {"type": "telepathy"}}
    assert client.put(f"trackers/{tracker.resource_id}", body, 400) == "Unknown tracking source type"


def test_deleting_disables(client, tracker):
    client.delete(f"trackers/{tracker.resource_id}")
    found = client.get(f"trackers/{tracker.resource_id}")
    assert found["status"] == "disabled"
    assert found["disabled_at"] is None or found["disabled_at"].endswith("Z")
    client.delete(f"trackers/{tracker.resource_id}")
