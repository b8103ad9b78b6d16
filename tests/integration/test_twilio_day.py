"""The demo's day through Twilio's callbacks, and a simulated bad day, against the real service."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callhooks_site.devtools.demo import events, twilio
from callhooks_site.devtools.demo.api import Api, Refused
from callhooks_site.devtools.demo.settings import Tracker, TwilioSettings
from callhooks_site.intake.providers.models import RefusedCallback
from calls.models import Call
from messaging.models import TextMessage
from subscriptions.models import Event
from tests.simulate import scenarios
from tests.simulate.run import TRACKERS, pass_time, send, simulate
from tests.simulate.run import make_source as make_simulated_source
from tests.simulate.stories import STORIES
from tests.support import factories
from tests.support.twilio import ACCOUNT, TOKEN, make_source

numbers = count(1)


@pytest.mark.django_db(transaction=True)
def test_the_demo_s_day_fires_what_it_says(live_server, monkeypatch):
    monkeypatch.setattr(django_settings, "POST_CALL_SETTLE_SECONDS", 0)
    monkeypatch.setattr(django_settings, "PUBLIC_URL", live_server.url)
    company = factories.make_company()
    factories.make_subscription(company)
    for number in ("+14045550100", "+14045550101", "+14045550102"):
        factories.make_tracker(company, phone_number=number)
    source = make_source(company)
    given = TwilioSettings(f"{live_server.url}/in/{source.public_key}", ACCOUNT, TOKEN)
    sender = twilio.TwilioStepSender(Api(f"{live_server.url}/api/v1", factories.make_key(company)), given)
    trackers = tuple(Tracker(row.phone_number, row.name) for row in company.trackers.all())
    expected: Counter[tuple[str, str]] = Counter()
    for step in twilio.plan_day(trackers, random.Random(3)):
        resource_id = sender.send_step(step)
        expected.update((resource_id, event) for event in step.events)
        fired = Counter(Event.objects.values_list("subject_id", "type"))
        assert fired == expected, step.words
    assert {event for _, event in expected} == set(events.ALL)
    assert not RefusedCallback.objects.exists()
    assert TextMessage.objects.filter(content__contains="👩‍👩‍👧 🇺🇸").exists()
    with pytest.raises(Refused):
        twilio.TwilioStepSender(sender._api, TwilioSettings(given.url, ACCOUNT, "x" * 32)).send_step(
            step_of_a_call(trackers)
        )


def step_of_a_call(trackers):
    return next(step for step in twilio.plan_day(trackers, random.Random(4)) if isinstance(step, twilio.TwilioStep))


@pytest.mark.long(
    short="tests/integration/test_twilio_day.py::test_in_whatever_order_callbacks_come_the_events_are_right"
)
@pytest.mark.django_db(transaction=True)
def test_a_bad_day_ends_with_each_call_s_events_right():
    """Shuffled, doubled, one in fifty lost. `./dev simulate twilio` does it with ten thousand calls."""
    result = simulate(30, seed=7)
    assert result.wrong == []
    assert set(result.stories) == set(STORIES)
    assert result.refused == 0
    assert result.lost > 0
    assert result.closed_silent > 0
    assert result.callbacks > 300
    assert result.events["post_call"] == 30 - result.never_known


def renumber(scenario: scenarios.CallScenario, number: int) -> None:
    """Give the call, its legs and all else of it ids that no other example has."""
    before = _ids(scenario)
    scenario.number = number
    renamed = dict(zip(before, _ids(scenario), strict=True))
    for one in scenario.callbacks:
        one.fields.update({name: renamed[value] for name, value in one.fields.items() if value in renamed})


def _ids(scenario: scenarios.CallScenario) -> list[str]:
    number = scenario.number
    legs = [scenario.leg(leg) for leg in range(1, 10)]
    return [scenario.sid, *legs, *(f"{kind}{number:032x}" for kind in ("RE", "TR", "CF")), f"room {number}"]


@pytest.fixture
def simulated():
    return make_simulated_source()


@pytest.mark.django_db(transaction=True)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_in_whatever_order_callbacks_come_the_events_are_right(simulated, data, seed):
    """Any of them lost, any of them doubled: after each one the events are those of the rules."""
    (scenario,) = scenarios.day(1, TRACKERS, datetime.now(UTC) - timedelta(minutes=5), random.Random(seed))
    renumber(scenario, next(numbers))
    came = data.draw(st.lists(st.sampled_from(scenario.callbacks), min_size=1, max_size=12))
    expected = send(simulated, [(0.0, scenario, one) for one in came], say=str)[scenario.sid]
    call = Call.objects.filter(external_id=scenario.sid).first()
    assert (call is not None) is expected.exists
    if call is None:
        return
    told = Event.objects.filter(subject_id=call.resource_id).order_by("sequence").values_list("type", flat=True)
    expected.finish()
    pass_time()
    assert list(told) == [event.partition(":")[0] for event in expected.events]
    assert (call.answered, call.voicemail) == (expected.answered, expected.voicemail)
