"""The sentence of the home page: true in every state, with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.admin.company_home.looks import Look, Overview
from subscriptions.admin.company_home.sentence import say
from subscriptions.maintenance.statistics import BOUNDS, Statistics

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
SINCE = NOW - timedelta(hours=2, minutes=38)
FAILING: dict[str, Any] = {"failing_since": SINCE, "why": "Login required (401)", "waiting": 38}


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *_: NOW.date())
    with timezone.override(UTC):
        yield


def look(name: str, **fields: Any) -> Look:
    return Look(len(name), name, **fields)


def said(*looks: Look, may_write: bool = True, **fields: Any) -> tuple[str, str, str]:
    found = say(Overview(NOW, looks, **fields), may_write=may_write)
    return found.tone, found.say, found.why


def actions(*looks: Look, may_write: bool = True, **fields: Any) -> list[str]:
    return [one.label for one in say(Overview(NOW, looks, **fields), may_write=may_write).actions]


def delivered(count: int, failed: int = 0) -> Statistics:
    latency = [0] * (len(BOUNDS) + 1)
    latency[2] = count
    return Statistics(delivered=count, failed=failed, latency=latency)


WELL = (look("CRM"), look("Lead sheet"), look("Board"))


def test_none_yet():
    tone, text, _ = said()
    assert (tone, text) == ("none", "Nothing is sent yet: there is no subscription.")
    assert actions() == ["Add subscription"]
    assert actions(may_write=False) == []


def test_all_removed():
    assert said(removed=True)[:2] == ("none", "No subscription is left, so nothing is sent.")


@pytest.mark.parametrize(
    ("looks", "text"),
    [
        (WELL[:1], "“CRM” gets every event."),
        (WELL[:2], "Both subscriptions get every event."),
        (WELL, "All three subscriptions get every event."),
    ],
    ids=["one", "two", "three"],
)
def test_all_well(looks, text):
    assert said(*looks, day=delivered(324)) == (
        "good", text, "324 arrived in the last 24 hours, 95 % of them within 200 ms. Nothing waits.",
    )  # fmt: skip
    assert actions(*looks) == []


def test_well_and_quiet_or_busy():
    assert said(*WELL)[2] == "There was nothing to send in the last 24 hours. Nothing waits."
    assert said(look("CRM", waiting=3))[2].endswith("3 events are on the way.")


def test_one_of_three_fails():
    assert said(WELL[0], look("Lead sheet", **FAILING), WELL[2]) == (
        "bad",
        "“Lead sheet” has refused everything since 11:42. The other two get all events.",
        "Last answer: Login required (401). 38 events wait for it and are tried again until Friday, 15:17, so "
        "nothing is lost yet.",
    )
    assert actions(look("Lead sheet", **FAILING)) == ["Pause it", "See what to do"]
    assert actions(look("Lead sheet", **FAILING), may_write=False) == ["See what to do"]


def test_the_others_are_only_well_if_each_is():
    failing = look("Lead sheet", **FAILING)
    assert said(failing, look("CRM"))[1].endswith("The other one gets all events.")
    assert said(failing, look("CRM", state="paused"))[1].endswith("The others get nothing either.")
    assert said(failing, look("CRM", state="paused"), look("Board"))[1].endswith(
        "Of the other two, one gets all events."
    )
    assert said(failing)[1] == "“Lead sheet” has refused everything since 11:42."


def test_several_fail():
    two = (look("A", **FAILING), look("B", **FAILING))
    assert said(*two, look("C"))[1] == "“A” and “B” have refused everything since 11:42. The other one gets all events."
    many = said(*two, look("C", **FAILING), look("D"))[1]
    assert many.startswith("Three of four subscriptions have refused everything since 11:42.")
    assert actions(*two, look("C")) == ["See all subscriptions"]


def test_all_fail():
    tone, text, why = said(look("A", **FAILING), look("B", **FAILING | {"failing_since": SINCE + timedelta(hours=1)}))
    assert (tone, text) == ("bad", "Nothing arrives: both subscriptions have refused everything since 12:42.")
    assert why.startswith("76 events wait for them and are tried again until")


def test_it_fails_for_longer_than_a_webhook_is_tried():
    text = said(look("A", **FAILING | {"failing_since": NOW - timedelta(days=4)}))
    assert text[1] == "“A” has refused everything since Friday, 14:20."
    assert text[2].endswith("are tried again, each for about three days.")
    assert "lost" not in text[2]
    assert said(look("A", **FAILING | {"waiting": 0}))[2].endswith(
        "What comes next is tried for three days, so nothing is lost yet."
    )


def test_a_hiccup_is_told_as_one():
    tone, text, why = said(
        WELL[0], look("Board", failing_since=NOW - timedelta(minutes=2), why="Busy (503)", waiting=1)
    )
    assert (tone, text) == ("warn", "“Board” has refused what came since 14:18.")
    assert why == "Last answer: Busy (503). 1 event is tried again soon."


def test_disabled():
    off = look("CRM", state="disabled", reason="Only failures for 5 days")
    assert said(off, look("Board"), held=4) == (
        "bad", "“CRM” is disabled. The other one gets all events.",
        "Only failures for 5 days. 4 events are held until it is resumed.",
    )  # fmt: skip
    assert said(off, look("B", state="disabled"))[1] == "Two subscriptions are disabled."


def test_paused():
    paused = look("CRM", state="paused")
    assert said(paused, look("Board"), held=1) == (
        "warn", "“CRM” is paused. The other one gets all events.", "1 event is held. Resume it to send what is held.",
    )  # fmt: skip
    assert said(paused, look("Board", state="paused"))[1] == "Nothing is sent: both subscriptions are paused."
    three = (paused, look("Lead", state="paused"), look("Board"))
    assert said(*three)[1] == "Two subscriptions are paused. The other one gets all events."


def test_waiting():
    late = look("Board", waiting=38, late=timedelta(minutes=10))
    assert said(late, look("CRM")) == (
        "warn", "38 events wait for “Board”.", "The oldest has been due for 10 min. They are sent in turn.",
    )  # fmt: skip
    assert said(late, look("CRM", waiting=1, late=timedelta(minutes=2)))[1] == "39 events wait for “Board” and others."


def test_some_failed_and_all_is_well_again():
    tone, text, _ = said(*WELL, day=delivered(10, failed=2))
    assert (tone, text) == ("warn", "2 events failed in the last 24 hours. Every subscription accepts events again.")
    assert actions(*WELL, day=delivered(10, failed=2)) == ["See what failed"]


def test_our_own_outage_comes_first():
    tone, text, why = said(look("A", **FAILING), outage_since=SINCE, outage="Name resolution fails")
    assert (tone, text) == ("bad", "Callhooks has reached nearly nobody since 11:42.")
    assert "on our side: Name resolution fails." in why
    assert "Nothing is lost" in why


def test_never_100_percent_while_something_is_refused():
    hours = {NOW: delivered(100)}
    assert look("CRM", hours=hours).arrived_part() == 1
    assert look("CRM", hours=hours, failing_since=SINCE, waiting=25).arrived_part() == pytest.approx(0.8)
    assert look("CRM", hours=hours, failing_since=SINCE).arrived_part() == 0.999
    assert look("CRM").arrived_part() is None
