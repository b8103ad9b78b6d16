"""Any order and repetition of updates fires what the rules say: random lives of calls, played in the database and in
`tests.support.call_model`, must have told the same in the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.bulk import publish_changes
from calls.models import Call, Tag
from subscriptions.events import stream_timers
from subscriptions.models import Company, EventStream
from tests.support.call_model import FIELDS, Life
from tests.support.events import events_of
from tests.support.examples import examples
from tests.support.factories import START, make_call, make_company, make_tracker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

TAGS = ("A", "B", "C")
COLUMNS = {"routed": "routed_at", "answered": "answered_at", "ended": "ended_at"}
FOR_EVER = 10**9

VALUES: dict[str, list[Any]] = {
    "routed": [False, True],
    "answered": [False, True],
    "ended": [False, True],
    "voicemail": [False, True],
    "recording_duration": [None, 12, 13],
    "transcription_text": ["", "Hello.", "Bye."],
    "note": ["", "a", "b"],
    "value": [None, 0, 5],
    "lead_status": ["", "good_lead", "not_a_lead"],
    "lead_status_by": ["rule", "person"],
    "custom": ["", "x"],
}
COMPLETE = {"ended": True, "recording_duration": 12, "transcription_text": "Hello."}
SAVES = st.sampled_from(["save", "some fields", "update and publish"])


def values_of(name: str) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(name), st.sampled_from(VALUES[name]))


def updates_of(name: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just("update"), values_of(name).map(lambda pair: dict([pair])), SAVES)


# Where a call is in its life decides most, so it changes most often.
names = st.sampled_from([*VALUES, *["routed", "answered", "ended"] * 3])
fields = st.lists(names.flatmap(values_of), max_size=3).map(dict)
# Many lives begin near their end, where most of the rules are.
first_fields = st.one_of(
    fields, fields.map(lambda more: COMPLETE | more), st.sampled_from([{"routed": True}, {"answered": True}])
)
updates = st.tuples(st.just("update"), fields, SAVES)
tag_changes = st.tuples(
    st.just("tags"),
    st.sampled_from(["add", "remove", "set", "clear"]),
    st.sampled_from(TAGS),
    st.sampled_from(["call", "tag"]),
)
operations = st.one_of(
    updates, updates, tag_changes, st.sampled_from([("save again",), ("keep a copy",), ("save the copy",)])
)
savepoints = st.tuples(st.just("savepoint"), st.lists(operations, min_size=1, max_size=3), st.booleans())
one_field_again_and_again = st.sampled_from(["note", "value", "lead_status", "ended"]).flatmap(
    lambda name: st.lists(updates_of(name), min_size=2, max_size=3)
)
longer = st.one_of(
    st.lists(st.one_of(operations, savepoints), min_size=2, max_size=4),
    one_field_again_and_again,
    st.lists(tag_changes, min_size=2, max_size=3),
)
transactions = st.one_of(
    st.tuples(st.just("alone"), operations),
    st.tuples(st.just("alone"), operations),
    st.tuples(st.just("wait is over")),
    st.tuples(st.just("transaction"), longer, st.just(True)),
    st.tuples(st.just("transaction"), longer, st.booleans()),
)


@contextmanager
def undone(*, unless: bool):
    """An atomic block, rolled back at its end unless it is to be kept."""
    with transaction.atomic():
        yield
        if not unless:
            transaction.set_rollback(True)


def columns(model_fields: dict[str, Any]) -> dict[str, Any]:
    """The model's fields as columns of a call. A recording has an address and a length together."""
    found: dict[str, Any] = {}
    for name, value in model_fields.items():
        if name in COLUMNS:
            found[COLUMNS[name]] = START + timedelta(seconds=30 * (name == "ended")) if value else None
        else:
            found[name] = value
        if name == "recording_duration":
            found["recording_url"] = "" if value is None else "https://example.com/1.mp3"
    return found


@dataclass
class Player:
    """Plays one life in the database and in the model."""

    life: Life
    company: Company
    first: dict[str, Any]
    call: Any = None
    copy: Any = None

    def play(self, step: tuple[Any, ...], config: Any) -> None:
        kind, *rest = step
        if kind == "wait is over":
            self._wait_is_over(config)
        elif kind == "alone":
            if self.call is None:
                self._in_a_transaction([], commits=True)
            before = self.life.snapshot()
            self._do(*rest[0])
            self.life.committed(before)
        else:
            self._in_a_transaction(rest[0], commits=rest[1])

    def _in_a_transaction(self, steps: list[tuple[Any, ...]], *, commits: bool) -> None:
        before, had_call, had_copy = self.life.snapshot(), self.call, self.copy
        with undone(unless=commits):
            if self.call is None:
                self._come_in()
            for kind, *rest in steps:
                if kind == "savepoint":
                    self._savepoint(*rest)
                else:
                    self._do(kind, *rest)
        if commits:
            self.life.committed(before)
        else:
            self.life.go_back_to(before)
            self.call, self.copy = had_call, had_copy

    def _savepoint(self, steps: list[tuple[Any, ...]], kept: bool) -> None:
        before, had_copy = self.life.snapshot(), self.copy
        with undone(unless=kept):
            for step in steps:
                self._do(*step)
        if not kept:
            self.life.go_back_to(before)
            self.copy = had_copy

    def _come_in(self) -> None:
        self.call = make_call(
            self.company,
            self.company.trackers.get(),
            direction="inbound" if self.life.inbound else "outbound",
            customer_phone_number="",
            start_time=START,
            **columns(self.first),
        )
        self.life.fields.update(self.first)
        self.life.saved()

    def _do(self, kind: str, *rest: Any) -> None:
        actions: dict[str, Callable[..., None]] = {
            "update": self._update,
            "tags": self._tags,
            "save again": self._save_again,
            "keep a copy": self._keep_a_copy,
            "save the copy": self._save_the_copy,
        }
        actions[kind](*rest)

    def _update(self, new: dict[str, Any], how: str) -> None:
        found = columns(new)
        with transaction.atomic():
            if how == "update and publish":
                if found:
                    Call.objects.filter(pk=self.call.pk).update(**found)
                publish_changes([self.call.resource_id])
            else:
                call = Call.objects.get(pk=self.call.pk)
                for name, value in found.items():
                    setattr(call, name, value)
                call.save(update_fields=list(found) or None if how == "some fields" else None)
        self.life.fields.update(new)
        self.life.saved()

    def _tags(self, action: str, name: str, side: str) -> None:
        tag = Tag.objects.get(company=self.company, name=name)
        # From the tag's side all calls of all lives would be set or cleared: only this one's is meant.
        if side == "tag" and action in ("add", "remove"):
            getattr(tag.calls, action)(self.call)
        else:
            tags = Call.objects.get(pk=self.call.pk).tags
            actions: dict[str, Callable[[], None]] = {
                "add": partial(tags.add, tag),
                "remove": partial(tags.remove, tag),
                "set": partial(tags.set, [tag]),
                "clear": tags.clear,
            }
            actions[action]()
        self.life.tags = {
            "add": self.life.tags | {name},
            "remove": self.life.tags - {name},
            "set": frozenset({name}),
            "clear": frozenset(),
        }[action]
        self.life.saved()

    def _save_again(self) -> None:
        Call.objects.get(pk=self.call.pk).save()
        self.life.saved()

    def _keep_a_copy(self) -> None:
        self.copy = Call.objects.get(pk=self.call.pk)

    def _save_the_copy(self) -> None:
        """Nothing was changed in it, so what others changed since it was loaded stays."""
        if self.copy is not None:
            self.copy.save()
            self.life.saved()

    def _wait_is_over(self, config: Any) -> None:
        before = self.life.snapshot()
        if self.call is not None:
            config.POST_CALL_WAIT_SECONDS = 0
            waiting = EventStream.objects.filter(subject_id=self.call.resource_id, wake_at__isnull=False)
            assert bool(waiting.update(wake_at=timezone.now())) is self.life.waits()
            stream_timers.publish_due()
            config.POST_CALL_WAIT_SECONDS = FOR_EVER
            self.life.waited_long_enough()
        self.life.committed(before)

    def check(self) -> None:
        events = events_of(self.call)
        bodies = [json.loads(bytes(event.body)) for event in events]
        assert [event.type for event in events] == self.life.types()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        for told, body in zip(self.life.told, bodies, strict=True):
            assert body.get("changes", []) == told.changes
            assert {name: body[name] for name in told.says} == told.says
        stream = EventStream.objects.get(subject_id=self.call.resource_id)
        assert stream.last_sequence == len(events)
        assert (stream.wake_at is not None) is self.life.waits()


@pytest.fixture
def companies():
    """One for each thing that a company may expect; lives share them, for speed."""
    made = {}
    for recording, transcription in product((True, False), repeat=2):
        company = make_company(recording_expected=recording, transcription_expected=transcription)
        make_tracker(company)
        Tag.objects.bulk_create([Tag(company=company, name=name) for name in TAGS])
        made[recording, transcription] = company
    return made


# A wait that is over comes by the test's word, not by the clock.
@pytest.fixture
def config(settings):
    settings.POST_CALL_WAIT_SECONDS = FOR_EVER
    return settings


@settings(
    max_examples=examples(30), deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    inbound=st.sampled_from([True, True, False]),
    expects=st.tuples(st.booleans(), st.booleans()),
    first=first_fields,
    steps=st.lists(transactions, min_size=2, max_size=8),
)
def test_a_life_tells_what_the_rules_say(companies, config, inbound, expects, first, steps):
    player = Player(Life(inbound, *expects), companies[expects], first)
    for step in steps:
        player.play(step, config)
    if player.call is not None:
        player.check()


def test_the_model_knows_every_watched_field():
    watched = {"note", "value", "transcription_text", "recording_duration", "lead_status"}
    assert watched <= FIELDS.keys()
