"""Ids of traces and spans, the share that is traced, and the header of a trace context."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from callhooks_site import environment
from subscriptions.lib.ids import uuid7
from subscriptions.tracing.trace_ids import (
    Place,
    attempt_place,
    is_sampled,
    publishing_place,
    read_header,
    request_place,
    write_header,
)

EVENT = uuid7()


def test_the_spans_of_a_trace_differ_and_are_the_same_everywhere():
    made = [
        request_place(EVENT),
        publishing_place(EVENT),
        *(attempt_place(EVENT, *numbers) for numbers in ((1, 1), (1, 11), (11, 1))),
    ]
    assert {place.trace for place in made} == {EVENT.int}
    assert len({place.span for place in made}) == len(made)
    assert all(0 < place.span < 1 << 64 for place in made)
    assert attempt_place(EVENT, 1, 1) == made[2]


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (0.25, 180, 320), (1, 1000, 1000)])
def test_a_share_is_traced(share, least, most):
    assert least <= sum(is_sampled(uuid7(), share) for _ in range(1000)) <= most


@pytest.mark.parametrize(("sampled", "end"), [(True, "-01"), (False, "-00")])
def test_a_header_is_read_as_it_was_written(sampled, end):
    place = attempt_place(EVENT, 7, 2)
    written = write_header(place, sampled=sampled)
    assert written == f"00-{EVENT.hex}-{place.span:016x}{end}"
    assert read_header(written) == place


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, 00-1",
    ],
)
def test_what_is_no_header_is_no_place(header):
    assert read_header(header) is None


def test_a_later_version_may_say_more():
    header = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more"
    assert read_header(header) == Place(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)


@pytest.mark.parametrize("missing", [None, ModuleNotFoundError])
def test_missing_packages_stop_the_start(monkeypatch, missing):
    def find_spec(name):
        if missing:
            raise missing
        return None

    monkeypatch.setattr(environment, "find_spec", find_spec)
    with pytest.raises(ImproperlyConfigured, match=r"pip install .*requirements-tracing\.txt"):
        environment.check_trace_collector("http://127.0.0.1:4318")
    environment.check_trace_collector("")
