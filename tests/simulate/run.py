"""The day itself, through the service's own URLs, and the comparison of what it published with what the rules say."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connections
from django.test import RequestFactory
from django.test.utils import override_settings

from callhooks_site.intake.providers.callback_urls import build_path, build_url
from callhooks_site.intake.providers.models import IngestSource, RefusedCallback
from callhooks_site.intake.providers.signature import compute
from callhooks_site.intake.providers.views import callback as view
from calls.models import Call, Tracker
from subscriptions.events import stream_timers, streams
from subscriptions.models import Company, Event, EventStream
from tests.simulate.network_faults import Arrival, arrivals
from tests.simulate.rules import Expected, expect
from tests.simulate.scenarios import ACCOUNT, CallScenario, day

TOKEN = "0" * 31 + "1"
TRACKERS = ["+14045550100", "+14045550101", "+14045550102"]
FORM = "application/x-www-form-urlencoded"


@dataclass
class Result:
    calls: int = 0
    callbacks: int = 0
    lost: int = 0
    never_known: int = 0
    closed_silent: int = 0
    seconds: float = 0.0
    refused: int = 0
    stories: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def simulate(calls: int, seed: int, *, processes: int = 1, say: Callable[[str], None] = lambda words: None) -> Result:
    """In the database at hand. `wrong` names each call whose events are not what the rules say. The calls are shared
    out among the processes: so a call's callbacks come in a known order."""
    rng = random.Random(seed)
    source = make_source()
    # Just over: what a call waits for is still awaited when the day's callbacks come.
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=900)
    scenarios = list(day(calls, TRACKERS, began, rng))
    came, lost = arrivals(scenarios, rng)
    result = Result(calls=calls, callbacks=len(came), lost=lost)
    result.stories.update(scenario.story for scenario in scenarios)
    started = time.monotonic()
    shares = [[arrival for arrival in came if arrival[1].number % processes == share] for share in range(processes)]
    # In development Django keeps the text of every statement: it would be half of the time.
    with override_settings(POST_CALL_WAIT_SECONDS=7 * 86_400, DEBUG=False):
        if processes == 1:
            expected_by_share = [send(source, shares[0], say)]
        else:
            connections.close_all()  # a connection cannot be shared by what is forked
            with get_context("fork").Pool(processes) as pool:
                expected_by_share = pool.starmap(send, [(source, share, say) for share in shares])
    expected_calls = {scenario.sid: expect(scenario) for scenario in scenarios}
    for share in expected_by_share:
        expected_calls |= share
    pass_time()
    result.seconds = time.monotonic() - started
    result.refused = RefusedCallback.objects.filter(source=source).count()
    _compare(scenarios, expected_calls, result)
    return result


def make_source() -> IngestSource:
    company = Company.objects.create(name="Simulated Dental", transcription_expected=False)
    for number in TRACKERS:
        Tracker.objects.create(company=company, phone_number=number, name=f"Line {number[-3:]}")
    return IngestSource.objects.create(company=company, name="Twilio", account_sid=ACCOUNT, auth_token=TOKEN)


def send(source: IngestSource, came: list[Arrival], say: Callable[[str], None]) -> dict[str, Expected]:
    """What each call must have led to, by its sid."""
    expected_calls: dict[str, Expected] = {}
    factory = RequestFactory()
    for number, (_, scenario, one) in enumerate(came, start=1):
        signature = compute(TOKEN, build_url(source, one.place), list(one.fields.items()))
        body = urlencode(one.fields)
        headers: dict[str, Any] = {"X-Twilio-Signature": signature}
        request = factory.post(build_path(source, one.place), body, content_type=FORM, headers=headers)
        answer = view(request, source.public_key, one.place)
        if answer.status_code not in (200, 204):
            raise RuntimeError(f"A genuine callback was answered with {answer.status_code}.")
        expected_calls.setdefault(scenario.sid, expect(scenario)).take(one)
        if number % 5_000 == 0:
            say(f"{number} of {len(came)} callbacks")
    return expected_calls


def pass_time() -> None:
    """Hours later: calls without an end count as stale, and nothing is awaited any more."""
    long_ago = datetime.now(UTC) - timedelta(seconds=settings.CALL_SILENT_SECONDS + 60)
    with override_settings(POST_CALL_WAIT_SECONDS=0):
        Call.objects.filter(ended_at=None).update(updated_at=long_ago)
        EventStream.objects.filter(wake_at__isnull=False).update(wake_at=long_ago)
        while streams.due():
            stream_timers.publish_due()


def _compare(scenarios: list[CallScenario], expected_calls: dict[str, Expected], result: Result) -> None:
    calls = {call.external_id: call for call in Call.objects.all()}
    published: dict[str, list[str]] = {}
    outcomes: dict[str, str] = {}
    for subject, kind, body in Event.objects.order_by("subject_id", "sequence").values_list(
        "subject_id", "type", "body"
    ):
        whole = json.loads(bytes(body))
        changes = whole["changes"] if kind == "call_modified" else []
        if kind == "post_call":
            outcomes[subject] = whole["call_type"].removesuffix("_transcription")
        published.setdefault(subject, []).append(kind + (":" + ",".join(sorted(changes)) if changes else ""))
        result.events[kind] += 1
    for scenario in scenarios:
        rule, call = expected_calls[scenario.sid], calls.get(scenario.sid)
        rule.finish()
        if call is None or not rule.exists:
            result.never_known += call is None
            if (call is None) == rule.exists:
                result.wrong.append(
                    f"{scenario.sid} ({scenario.story}): {'missing' if call is None else 'made of nothing'}"
                )
            continue
        result.closed_silent += call.closed_as_stale_at is not None
        events = published.get(call.resource_id, [])
        facts = (call.answered, call.voicemail, call.closed_as_stale_at is not None)
        should_be = (rule.answered, rule.voicemail, not rule.ended)
        if events != rule.events or facts != should_be:
            result.wrong.append(
                f"{scenario.sid} ({scenario.story}): {events} {facts}, expected {rule.events} {should_be}"
            )
        elif call.customer_phone_number != rule.customer(scenario):
            words = f"{call.customer_phone_number}, expected {rule.customer(scenario)}"
            result.wrong.append(f"{scenario.sid} ({scenario.story}): {words}")
        elif "length" in rule.seen and call.duration != scenario.seconds:
            result.wrong.append(f"{scenario.sid} ({scenario.story}): {call.duration} s, expected {scenario.seconds}")
        elif len(rule.came) == len(scenario.callbacks) and outcomes[call.resource_id] != scenario.outcome:
            words = f"told as {outcomes[call.resource_id]}, {scenario.outcome} in truth"
            result.wrong.append(f"{scenario.sid} ({scenario.story}): {words}")
