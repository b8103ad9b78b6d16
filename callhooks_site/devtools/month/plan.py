"""What happens in the invented month, as data: when who calls, texts or fills in a form."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from callhooks_site.devtools.demo.people import Person, RandomPeople

Kind = Literal["call", "text", "form"]
SIZE = 3_000
DAYS = 30
EARLIER = 1_900  # calls in the 30 days before, for comparison
KINDS: tuple[tuple[Kind, int], ...] = (("call", 68), ("text", 20), ("form", 12))  # of 100
NEW_PEOPLE = 0.42  # of callers
# By the hour from midnight on, and by weekday: a roofing company's.
HOURS = (0.2, 0.1, 0.1, 0.1, 0.2, 0.6, 1.5, 6, 14, 22, 25, 19, 12, 10, 12, 18, 17, 11, 5, 2.5, 1.5, 1, 0.6, 0.4)
WEEKDAYS = (1.15, 1.05, 1.0, 1.0, 0.95, 0.3, 0.14)
# Tracking numbers: digits, name, source, share of calls, campaigns, and how many of 100 calls are answered.
NUMBERS: tuple[tuple[str, str, str, int, tuple[str, ...], int], ...] = (
    ("+12145550101", "Google Ads", "Google Ads", 40, ("Storm damage", "Roof repair Dallas", "Gutters"), 90),
    ("+12145550102", "Web site", "Web site", 25, (), 92),
    ("+12145550103", "Yard signs", "Yard signs", 14, (), 82),
    ("+12145550104", "Facebook", "Facebook", 10, ("Before and after", "Free inspection"), 76),
    ("+12145550100", "Main line", "Direct", 8, (), 86),
    ("+12145550105", "Yellow pages", "Yellow pages", 3, (), 70),
)
TAG_COLOURS = {"Roof repair": "red1", "Estimate": "blue1", "Storm damage": "orange1", "Gutters": "cyan1",
               "Insurance": "purple1", "New customer": "green1"}  # fmt: skip
TAGS = tuple(TAG_COLOURS)
TALKS: tuple[tuple[str, str, str], ...] = (
    ("My roof is leaking over the kitchen.", "I am sorry to hear that. Is Thursday at nine all right?", "Yes, please."),
    ("How much is a new gutter, about 60 feet?", "We come and measure it for free. When are you home?", "On Friday."),
    ("The storm took shingles off.", "Did you take pictures for your insurance?", "I have. I can send them."),
    ("Is my estimate ready?", "It went out this morning by email.", "I will look, thank you."),
)
TEXTS = (
    "Can you come at 10 instead of 9?", "Thanks, the roof looks great!", "Here is a picture of the leak.",
    "Is the estimate ready?", "We are on our way, about 20 minutes.", "Your visit is on Thursday at 9:00.",
)  # fmt: skip
WISHES = ("Please call me about a new roof.", "Two skylights leak.", "I need an estimate for my insurance.",
          "How soon can you repair a gutter?")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """A call, text or form. `number`: its place in NUMBERS."""

    kind: Kind
    at: datetime
    who: Person
    number: int


def plan_month(now: datetime, zone: ZoneInfo, rng: random.Random, size: int = SIZE) -> list[Thing]:
    """The last 30 days, oldest first; today until now."""
    return [*_things(now - timedelta(days=DAYS), now, zone, size, KINDS, rng)]


def plan_earlier_calls(now: datetime, zone: ZoneInfo, rng: random.Random, size: int) -> list[Thing]:
    end = now - timedelta(days=DAYS)
    return [*_things(end - timedelta(days=DAYS), end, zone, size, (("call", 1),), rng)]


def _things(
    start: datetime, end: datetime, zone: ZoneInfo, size: int, kinds: tuple[tuple[Kind, int], ...], rng: random.Random
) -> Iterator[Thing]:
    hours = [start + timedelta(hours=number) for number in range(int((end - start).total_seconds() // 3600))]
    weights = [_weight(hour.astimezone(zone), end) for hour in hours]
    moments = sorted(
        hour + timedelta(seconds=rng.random() * 3600) for hour in rng.choices(hours, weights=weights, k=size)
    )
    people, known = RandomPeople(rng), list[Person]()
    numbers = [row[3] for row in NUMBERS]
    for moment in moments:
        (kind,) = rng.choices([kind for kind, _ in kinds], weights=[share for _, share in kinds])
        if not known or rng.random() < NEW_PEOPLE:
            known.append(people.pick_person())
            who = known[-1]
        else:
            # Some call again and again.
            who = known[int(len(known) * rng.random() ** 2)]
        yield Thing(kind, moment, who, rng.choices(range(len(NUMBERS)), weights=numbers)[0])


def _weight(local: datetime, end: datetime) -> float:
    """Today is a working day, whatever day it is: pictures show it."""
    today = local.date() == end.astimezone(local.tzinfo).date()
    return HOURS[local.hour] * (1.0 if today else WEEKDAYS[local.weekday()])


def call_fields(thing: Thing, rng: random.Random) -> dict[str, Any]:
    """A whole call as `calls.ingestion` takes it."""
    phone, _, _, _, campaigns, answered = NUMBERS[thing.number]
    fields: dict[str, Any] = {
        "direction": "inbound", "tracking_phone_number": phone, "customer_phone_number": thing.who.phone,
        "customer_name": thing.who.name, "customer_city": thing.who.city, "customer_state": thing.who.state,
        "customer_country": "US", "start_time": thing.at, "business_phone_number": "+12145550100",
        "routed_at": thing.at + timedelta(seconds=2), "device_type": rng.choice(("mobile", "mobile", "desktop", "")),
    }  # fmt: skip
    if campaigns:
        fields |= {"campaign": rng.choice(campaigns), "medium": "cpc", "keywords": "roof repair near me"}
    if rng.random() < 0.07:
        fields["direction"] = "outbound"
    if rng.random() * 100 < answered:
        fields |= _talk(thing, rng)
    elif rng.random() < 0.2:
        fields |= {"voicemail": True, "ended_at": thing.at + timedelta(seconds=45), "duration": 31}
        fields["transcription_text"] = f"Hi, it’s {thing.who.first_name}. Please call me back about the gutters."
    else:
        fields |= {"abandoned": rng.random() < 0.1, "ended_at": thing.at + timedelta(seconds=rng.randrange(8, 40))}
    return fields


def recording(fields: dict[str, Any], media_url: str) -> dict[str, Any]:
    """The fields of a call's recording, which the demo's receiver serves as tones; none where nobody spoke."""
    seconds, start = fields.get("duration"), fields["start_time"]
    if not seconds:
        return {}
    return {
        "recording_url": f"{media_url}/recordings/month-{start:%Y%m%d-%H%M%S}-{seconds}.wav",
        "recording_duration": seconds,
    }


def _talk(thing: Thing, rng: random.Random) -> dict[str, Any]:
    seconds, waited = rng.randrange(25, 420), rng.randrange(4, 19)
    answered = thing.at + timedelta(seconds=waited)
    lines = ["Ridgeline Roofing, this is Sam.", *rng.choice(TALKS)]
    speakers = ("Agent", thing.who.first_name, "Agent", thing.who.first_name)
    said = [
        {"speaker": speaker, "phrase": line, "start": 1 + 5 * place}
        for place, (speaker, line) in enumerate(zip(speakers, lines, strict=True))
    ]
    fields: dict[str, Any] = {
        "answered_at": answered, "ended_at": answered + timedelta(seconds=seconds), "duration": seconds,
        "agent_email": rng.choice(("sam@example.com", "pat@example.com")), "conversational_transcript": said,
        "transcription_text": " ".join(lines),
        "tags": sorted(rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2)))),
    }  # fmt: skip
    if rng.random() < 0.16:
        fields |= {"lead_status": "good_lead", "value": Decimal(rng.randrange(3, 40) * 50)}
    elif rng.random() < 0.1:
        fields["lead_status"] = "not_a_lead"
    return fields
