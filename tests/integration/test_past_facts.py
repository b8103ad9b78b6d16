"""What the stored body of a past event tells is what its filter was asked when it happened."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from calls.models import Call, Tag
from messaging.models import TextMessage
from subscriptions.events import catalogue, versions
from subscriptions.events.catalogue import Told
from subscriptions.events.conditions import UNKNOWN, Named, unknown_of
from tests.support import factories
from tests.support.factories import START

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.make_company(recording_expected=False, transcription_expected=False)


@pytest.fixture
def tracker(company):
    return factories.make_tracker(company, name="Google Ads", source="google_paid")


def calls_of_all_kinds(company, tracker):
    tags = [Tag.objects.create(company=company, name=name) for name in ("Roof", "Gutter")]
    tagged = factories.ended_call(company, tracker, lead_status="good_lead", campaign="Spring")
    tagged.tags.set(tags)
    return [
        tagged,
        factories.ended_call(company, tracker, source="Radio spot", start_time=START + timedelta(hours=1)),
        factories.ended_call(company, tracker, answered_at=None, routed_at=None, abandoned=True, duration=0),
        factories.ended_call(company, tracker, answered_at=None, voicemail=True, duration=61),
        factories.ended_call(company, tracker, direction="outbound", transcription_text=""),
        factories.ended_call(company, tracker, direction="outbound", answered_at=None, duration=0),
        factories.make_call(company, tracker),
        factories.make_call(company, tracker, customer_phone_number="+12145550124", source="bing_paid"),
    ]


@pytest.mark.parametrize("version", ["article", "2026-05"])
def test_the_bodies_of_calls_tell_what_was_asked(company, tracker, version):
    assert version in [one.name for one in versions.all_versions()]
    calls = [catalogue.kind("call").read(call.resource_id) for call in calls_of_all_kinds(company, tracker)]
    for name in ("pre_call", "call_routing_complete", "post_call", "call_modified"):
        definition = catalogue.get(name)
        changes = ["tags"] if definition.has_changes else None
        told = [
            Told(call.resource_id, json.loads(catalogue.build_body(definition, call, changes, version)))
            for call in calls
        ]
        asked = [definition.facts(call) for call in calls]
        assert definition.past_facts(told) == asked, name
        assert [facts["tracker"].name for facts in definition.past_facts(told)] == ["Google Ads"] * len(calls)


def test_texts_are_asked_what_they_are(company, tracker):
    texts = [factories.make_text(company, tracker), factories.make_text(company, tracker, direction="outbound")]
    definition = catalogue.get("text_message_received")
    past = definition.past_facts([Told(text.resource_id, {}) for text in texts])
    assert past == [definition.facts(text) for text in texts]
    assert isinstance(past[0]["tracker"], Named)


def test_every_type_that_is_asked_can_be_asked_afterwards():
    for definition in catalogue.all_types():
        assert (definition.facts is None) == (definition.past_facts is None), definition.name


def test_what_is_gone_is_unknown(company, tracker):
    """Nothing is made up for a call that was removed, or for a body that cannot be read."""
    call = factories.make_call(company, tracker)
    body = json.loads(catalogue.build_body(catalogue.get("pre_call"), catalogue.kind("call").read(call.resource_id)))
    Call.objects.all().delete()
    (facts,) = catalogue.get("pre_call").past_facts([Told(call.resource_id, body)])
    assert (facts["source"], facts["campaign"]) == (UNKNOWN, UNKNOWN)
    assert facts["tracker"] == tracker.resource_id
    for name in ("call_routing_complete", "post_call"):
        (facts,) = catalogue.get(name).past_facts([Told(call.resource_id, {})])
        assert set(facts.values()) == {UNKNOWN}
    text = factories.make_text(company, tracker)
    TextMessage.objects.all().delete()
    (facts,) = catalogue.get("text_message_received").past_facts([Told(text.resource_id, {})])
    assert set(facts.values()) == {UNKNOWN}


def test_the_unknown_is_found_wherever_it_is_asked():
    asked = {"all": [{"any": [{"field": "source", "in": ["a"]}, {"not": {"field": "tags", "in": ["b"]}}]},
                     {"field": "duration", "min": 1}, {"field": "source", "in": ["c"]}]}  # fmt: skip
    assert unknown_of(asked, {"source": UNKNOWN, "tags": UNKNOWN, "duration": 5}) == ["source", "tags"]
    assert unknown_of(asked, {"duration": 5}) == []
