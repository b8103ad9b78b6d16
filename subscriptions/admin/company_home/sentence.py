"""The one sentence of the home page: true for each subscription, never an average, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from ..kit import times
from .looks import LATE, Look, Overview

MOST_NAMED = 2
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Action:
    """`posts`: it is a button that does it, else a link."""

    label: str
    url: str
    primary: bool = False
    posts: bool = False


@dataclass(frozen=True)
class Sentence:
    """`tone`: bad, warn, good or none."""

    tone: str
    icon: str
    say: str
    why: str
    actions: Sequence[Action] = ()


def say(seen: Overview, *, may_write: bool) -> Sentence:
    looks = seen.looks
    if seen.outage_since is not None:
        return _of_outage(seen)
    if not looks:
        return _of_none(seen, may_write)
    failing = [look for look in looks if look.is_failing(seen.now)]
    disabled = [look for look in looks if look.state == "disabled"]
    if failing:
        return _of_failing(seen, failing, may_write)
    if disabled:
        return _of_disabled(seen, disabled)
    refusing = [look for look in looks if look.active and look.failing_since is not None]
    if refusing:
        return _of_refusing(seen, refusing[0])
    late = [look for look in looks if look.active and look.late > LATE]
    if late:
        return _of_late(late)
    paused = [look for look in looks if look.state == "paused"]
    if paused:
        return _of_paused(seen, paused)
    if seen.day.failed:
        return _of_failed(seen)
    return _of_well(seen)


def _of_outage(seen: Overview) -> Sentence:
    why = f"The problem is on our side: {seen.outage}. Nothing is lost: everything is sent when it is over."
    return Sentence(
        "bad",
        "triangle-alert",
        f"Callhooks has reached nearly nobody since {times.say_moment(seen.outage_since)}.",
        why,
    )


def _of_none(seen: Overview, may_write: bool) -> Sentence:
    add = Action("Add subscription", reverse("admin:subscriptions_subscription_add"), primary=True)
    actions = [add] if may_write else []
    if seen.removed:
        why = "All were removed. New calls, texts and forms are kept here, and no webhook is sent."
        return Sentence("none", "webhook", "No subscription is left, so nothing is sent.", why, actions)
    why = "A subscription says where calls, texts and forms go: to your CRM, a sheet or a program of your own."
    return Sentence("none", "webhook", "Nothing is sent yet: there is no subscription.", why, actions)


def _of_failing(seen: Overview, failing: list[Look], may_write: bool) -> Sentence:
    count, all_of_them = len(failing), len(failing) == len(seen.looks)
    since = max(look.failing_since for look in failing if look.failing_since)
    first = failing[0]
    if count == 1:
        text = f"“{first.name}” has refused everything since {times.say_moment(since)}."
    elif all_of_them:
        text = f"Nothing arrives: {_all(count)} have refused everything since {times.say_moment(since)}."
    else:
        names = " and ".join(f"“{look.name}”" for look in failing[:MOST_NAMED])
        who = names if count == MOST_NAMED else f"{_number(count).capitalize()} of {_number(len(seen.looks))}"
        subscriptions = "subscriptions " if count > MOST_NAMED else ""
        text = f"{who} {subscriptions}have refused everything since {times.say_moment(since)}."
    if not all_of_them:
        text += f" {_others(seen, failing)}"
    waiting = sum(look.waiting for look in failing)
    why = (
        f"{_why(first)} {_what_waits(waiting, failing, seen.now)}"
        if count == 1
        else _what_waits(waiting, failing, seen.now)
    )
    watched = all(look.watched_by for look in failing)
    tone = "warn" if watched else "bad"  # red asks for somebody
    if count > 1:
        return Sentence(tone, "triangle-alert", text, why, [_see_issues() if first.issue else _see_all()])
    if watched:
        why = f"{first.watched_by} is on it. {why}"
    actions = [Action("See what to do", _page(first), primary=True)]
    if may_write:
        pause = reverse("admin:subscriptions_subscription_pause", args=[first.pk])
        actions.insert(0, Action("Pause it", pause, posts=True))
    return Sentence(tone, "triangle-alert", text, why, actions)


def _of_disabled(seen: Overview, disabled: list[Look]) -> Sentence:
    first = disabled[0]
    held = f"{_events(seen.held)} {_is(seen.held)} held" if seen.held else "New events are held"
    if len(disabled) > 1:
        text = f"{_number(len(disabled)).capitalize()} subscriptions are disabled. {_others(seen, disabled)}".strip()
        return Sentence("bad", "ban", text, f"{held} until they are resumed.", [_see_all()])
    text = f"“{first.name}” is disabled. {_others(seen, disabled)}".strip()
    why = f"{_ended(first.reason or first.why)} {held} until it is resumed.".strip()
    return Sentence("bad", "ban", text, why, [Action("See what to do", _page(first), primary=True)])


def _of_refusing(seen: Overview, look: Look) -> Sentence:
    text = f"“{look.name}” has refused what came since {times.say_moment(look.failing_since)}."
    why = f"{_why(look)} {_events(look.waiting)} {_is(look.waiting)} tried again soon.".strip()
    return Sentence("warn", "rotate-cw", text, why, [Action("See its answers", _log(look))])


def _of_late(late: list[Look]) -> Sentence:
    most = max(late, key=lambda look: look.late)
    waiting = sum(look.waiting for look in late)
    text = f"{_events(waiting).capitalize()} {'waits' if waiting == 1 else 'wait'} for “{most.name}”"
    text += "." if len(late) == 1 else " and others."
    why = f"The oldest has been due for {times.format_duration(most.late.total_seconds())}. They are sent in turn."
    return Sentence("warn", "rotate-cw", text, why, [Action("See what waits", f"{_log(most)}&state=pending")])


def _of_paused(seen: Overview, paused: list[Look]) -> Sentence:
    held = f"{_events(seen.held)} {_is(seen.held)} held." if seen.held else "New events are held."
    if len(paused) == 1:
        text = f"“{paused[0].name}” is paused. {_others(seen, paused)}".strip()
        return Sentence(
            "warn", "pause", text, f"{held} Resume it to send what is held.", [Action("Open it", _page(paused[0]))]
        )
    if len(paused) == len(seen.looks):
        text = f"Nothing is sent: {_all(len(paused))} are paused."
    else:
        text = f"{_number(len(paused)).capitalize()} subscriptions are paused. {_others(seen, paused)}".strip()
    return Sentence("warn", "pause", text, f"{held} Resume them to send what is held.", [_see_all()])


def _of_failed(seen: Overview) -> Sentence:
    count = seen.day.failed
    text = f"{_events(count).capitalize()} failed in the last 24 hours. Every subscription accepts events again."
    log = reverse("admin:subscriptions_delivery_changelist")
    see = Action("See what failed", f"{log}?since=24h&state=failed")
    return Sentence(
        "warn", "triangle-alert", text, "What failed is not tried again by itself. You can send it again.", [see]
    )


def _of_well(seen: Overview) -> Sentence:
    looks = seen.looks
    text = (
        f"“{looks[0].name}” gets every event."
        if len(looks) == 1
        else f"{_all(len(looks)).capitalize()} get every event."
    )
    waits = f"{_events(seen.waiting)} {_is(seen.waiting)} on the way." if seen.waiting else "Nothing waits."
    if not seen.day.delivered:
        return Sentence("good", "check", text, f"There was nothing to send in the last 24 hours. {waits}")
    within = seen.day.within(0.95)
    speed = f", 95 % of them within {times.format_milliseconds(within)}" if within else ""
    return Sentence("good", "check", text, f"{seen.day.delivered:,} arrived in the last 24 hours{speed}. {waits}")


def _others(seen: Overview, named: list[Look]) -> str:
    """`The other two get all events.`, if that is true of each of them."""
    others = [look for look in seen.looks if look not in named]
    if not others:
        return ""
    well = [look for look in others if look.active and look.failing_since is None and look.late <= LATE]
    if len(well) == len(others):
        return (
            "The other one gets all events."
            if len(others) == 1
            else f"The other {_number(len(others))} get all events."
        )
    if not well:
        return "The others get nothing either."
    return (
        f"Of the other {_number(len(others))}, {_number(len(well))} {'gets' if len(well) == 1 else 'get'} all events."
    )


def _tried_for(failing: list[Look]) -> str:
    """For how long a webhook is tried: of several subscriptions the shortest time, which is true for all."""
    hours = min(look.tried_for for look in failing) / timedelta(hours=1)
    days = round(hours / 24)
    return f"{_number(days)} days" if days > 1 else f"{hours:.1f} hours"


def _what_waits(waiting: int, failing: list[Look], now: datetime) -> str:
    if not waiting:
        return f"What comes next is tried for {_tried_for(failing)}, so nothing is lost yet."
    whom = "it" if len(failing) == 1 else "them"
    until = min(look.failing_since + look.tried_for for look in failing if look.failing_since)
    wait = f"{_events(waiting)} {'waits' if waiting == 1 else 'wait'} for {whom} and {_is(waiting)} tried again"
    if until <= now:
        return f"{wait}, each for about {_tried_for(failing)}."
    return f"{wait} until {times.say_moment(until)}, so nothing is lost yet."


def _why(look: Look) -> str:
    return f"Last answer: {_ended(look.why)}" if look.why else ""


def _ended(text: str) -> str:
    return f"{text.rstrip('.')}." if text else ""


def _all(count: int) -> str:
    return "both subscriptions" if count == MOST_NAMED else f"all {_number(count)} subscriptions"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _number(count: int) -> str:
    return _WORDS[count] if count < len(_WORDS) else f"{count:,}"


def _page(look: Look) -> str:
    """Where to act: its issue, which is opened within a minute, or else its own page."""
    if look.issue is not None:
        return reverse("admin:subscriptions_endpointissue_change", args=[look.issue.pk])
    return reverse("admin:subscriptions_subscription_change", args=[look.pk])


def _log(look: Look) -> str:
    return f"{reverse('admin:subscriptions_delivery_changelist')}?subscription={look.pk}&since=all"


def _see_issues() -> Action:
    return Action("See the issues", reverse("admin:subscriptions_endpointissue_changelist"), primary=True)


def _see_all() -> Action:
    return Action("See all subscriptions", reverse("admin:subscriptions_subscription_changelist"), primary=True)
