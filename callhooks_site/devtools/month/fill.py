"""Puts the invented month into the database, day by day, through what takes calls, texts and forms in."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from callhooks_site.devtools import demo_company
from callhooks_site.devtools.receiver.server import REFUSING
from callhooks_site.vendor_api import totals_upkeep
from calls.ingestion.batch import create_missing_calls
from calls.models import Tag, Tracker
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.endpoints import destinations
from subscriptions.events import catalogue
from subscriptions.maintenance import statistics
from subscriptions.models import AlertDestination, Company, Delivery, Membership, Subscription

from . import history, office, plan
from .history import Fate
from .plan import Thing

COMPANY, USER, NAME = "Ridgeline Roofing", "dana@example.com", ("Dana", "Whitfield")
# A company that has just begun: what its owner sees on the first day.
NEW_COMPANY, NEWCOMER, NEWCOMER_NAME = "Lakeside Dental", "newcomer@example.com", ("Noor", "Haddad")
SEED = 17  # the same month each time, apart from the day on which it ends
# The company is where it is early afternoon, so that its day has life in it.
ZONES = ("America/Chicago", "America/New_York", "America/Denver", "America/Los_Angeles", "Pacific/Honolulu",
         "Pacific/Auckland", "Australia/Sydney", "Asia/Tokyo", "Asia/Singapore", "Asia/Dhaka", "Asia/Dubai",
         "Europe/Athens", "Europe/London", "Atlantic/Azores", "America/Sao_Paulo")  # fmt: skip
AFTERNOON = (13, 16)
COUNTING_SECONDS = 60.0
Say = Callable[[str], Any]


def fill_month(say: Say, *, size: int = plan.SIZE) -> Path:
    """`size`: calls, texts and forms. Returns the path of `demo.json`, which has the login then."""
    path = demo_company.prepare()
    demo = json.loads(path.read_text("utf-8"))
    company = Company.objects.filter(name=COMPANY).first()
    if company is None:
        with transaction.atomic():  # all of it or nothing
            company = _company(demo)
            _live(company, _fates(company, demo), say, size, demo["receiver_url"].partition("/webhooks")[0])
        totals_upkeep.keep_up(seconds=COUNTING_SECONDS)
        for _ in range(2):  # what was written up to the first is counted by the second
            statistics.roll_up(seconds=COUNTING_SECONDS)
    _alerts(company)
    begun, _ = Company.objects.get_or_create(name=NEW_COMPANY, defaults={"time_zone": company.time_zone})
    password = _login(company, USER, NAME, demo.get("month_password", ""))
    office.furnish(company, User.objects.get(username=USER))
    first_day = _login(begun, NEWCOMER, NEWCOMER_NAME, demo.get("month_newcomer_password", ""))
    demo |= {"month_user": USER, "month_password": password}
    demo |= {"month_newcomer": NEWCOMER, "month_newcomer_password": first_day}
    demo_company.write(path, demo)
    return path


def _company(demo: dict[str, Any]) -> Company:
    # It waits for no recordings: those that there are come with their calls.
    company = Company.objects.create(
        name=COMPANY, time_zone=_zone(timezone.now()), country="US", recording_expected=False,
        transcription_expected=False,
    )  # fmt: skip
    Company.objects.filter(pk=company.pk).update(signing_key=demo["signing_key"])
    for phone, name, source, *_ in plan.NUMBERS:
        Tracker.objects.create(
            company=company, phone_number=phone, name=name, source=source, destination_number="+12145550100"
        )
    for name, colour in plan.TAG_COLOURS.items():
        Tag.objects.create(company=company, name=name, color=colour)
    return company


def _zone(now: datetime) -> str:
    first, last = AFTERNOON
    return next((zone for zone in ZONES if first <= now.astimezone(ZoneInfo(zone)).hour < last), ZONES[0])


def _login(company: Company, username: str, name: tuple[str, str], known: str) -> str:
    password = demo_company.make_login(username, known, superuser=False)
    user = User.objects.get(username=username)
    user.first_name, user.last_name = name
    user.save(update_fields=["first_name", "last_name"])
    Membership.objects.get_or_create(company=company, user=user, defaults={"role": Membership.Role.OWNER})
    return password


def _alerts(company: Company) -> None:
    """A daily summary for the owner. Nobody is told by mail of the failures, which are invented."""
    if not company.alert_destinations.exists():
        summary = AlertDestination(
            company=company, kind=AlertDestination.Kind.MAIL, name=f"{NAME[0]}'s inbox", email=USER
        )
        summary.alerts = [AlertDestination.Alert.DISABLED, AlertDestination.Alert.SUMMARY]
        destinations.save_new(summary, "")


def _fates(company: Company, demo: dict[str, Any]) -> list[Fate]:
    """The three subscriptions: two that the demo receiver accepts, and one that it refuses."""
    now, receiver = timezone.now(), demo["receiver_url"]
    everything = [event_type.name for event_type in catalogue.main_types()]

    def subscription(name: str, url: str) -> Subscription:
        made = Subscription(company=company, name=name, url=url, events=everything)
        made.secret = demo["subscription_secret"]
        made.full_clean()
        made.save()
        return made

    return [
        Fate(subscription("CRM", receiver), 180, 200),
        Fate(subscription("Dispatch board", f"{receiver}?board=1"), 95, 204),
        Fate(subscription("Lead sheet", _refusing(receiver)), 120, 200, failing_since=now - history.BEGAN),
    ]


def _refusing(receiver: str) -> str:
    return f"{receiver.partition('/webhooks')[0]}{REFUSING}"


def _live(company: Company, fates: Sequence[Fate], say: Say, size: int, media_url: str) -> None:
    rng, now, zone = random.Random(SEED), timezone.now(), ZoneInfo(company.time_zone)
    earlier = [
        plan.call_fields(thing, rng)
        for thing in plan.plan_earlier_calls(now, zone, rng, size * plan.EARLIER // plan.SIZE)
    ]
    create_missing_calls(company=company, items=earlier, publish=False)
    things = plan.plan_month(now, zone, rng, size)
    for day, of_day in groupby(things, key=lambda thing: thing.at.astimezone(zone).date()):
        todays = list(of_day)
        _live_day(company, todays, fates, now, rng, media_url)
        say(f"{day:%A, %d %B}: {len(todays)} calls, texts and forms")
    history.note_health(fates, now)


def _live_day(
    company: Company, things: Sequence[Thing], fates: Sequence[Fate], now: datetime, rng: random.Random, media_url: str
) -> None:
    newest = Delivery.objects.aggregate(newest=Max("pk"))["newest"] or 0
    moments: dict[str, datetime] = {}
    trackers = {row.phone_number: row for row in Tracker.objects.filter(company=company)}
    calls = [plan.call_fields(thing, rng) for thing in things if thing.kind == "call"]
    calls = [fields | plan.recording(fields, media_url) for fields in calls]
    for fields, result in zip(calls, create_missing_calls(company=company, items=calls, publish=True), strict=True):
        if result.call is None:
            raise RuntimeError(f"The call {fields} could not be brought in: {result.error}")
        moments[result.call.resource_id] = min(now, fields["ended_at"])
    for thing in things:
        if thing.kind == "text":
            tracker = trackers[plan.NUMBERS[thing.number][0]]
            text = TextMessage.objects.create(
                company=company, tracker=tracker, customer_phone_number=thing.who.phone, sent_at=thing.at,
                direction=rng.choice(("inbound", "inbound", "outbound")), content=rng.choice(plan.TEXTS),
            )  # fmt: skip
            moments[text.resource_id] = thing.at
        elif thing.kind == "form":
            form = FormSubmission.objects.create(
                company=company, submitted_at=thing.at, source=rng.choice(("Google Ads", "Web site", "Facebook")),
                form_url="https://roofs.example.com/contact", campaign=rng.choice(("Storm damage", "Gutters", "")),
                form_data={"name": thing.who.name, "phone": thing.who.phone, "message": rng.choice(plan.WISHES)},
            )  # fmt: skip
            moments[form.resource_id] = thing.at
    history.finish(company.pk, newest, moments, fates, now + timedelta(seconds=1), rng)
