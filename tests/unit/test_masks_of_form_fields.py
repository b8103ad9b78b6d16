"""What a visitor types into a form is masked in whatever kind of value it arrives, and however the field is filled."""

from __future__ import annotations

import json

import pytest

from subscriptions.events.shapes.masks import mask

NUMBERS, NAMES = frozenset({"phone_numbers"}), frozenset({"names"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone", 2145550123),
        ("phone", 2145550123.0),
        ("contact", 2145550123),
        ("phones", ["214-555-0123", 2145550123]),
        ("your-phone", "214-555-0123 (mobile, after 6)"),
        ("Mobile", "call me: 2145550123"),
        ("cellPhone", "214 555 0123 or 214 555 0124"),
    ],
    ids=str,
)
def test_a_number_is_masked(name, value):
    shown = mask({"form_data": {name: value}}, NUMBERS, "form_submission")["form_data"][name]
    text = "".join(each for each in json.dumps(shown) if each.isdigit())
    assert "555" not in text
    assert len(text) <= 4


def test_a_list_of_names_is_masked():
    form = {"guest_name": ["Ann Example", "Bob Example"], "newsletter": True, "rooms": 3, "date": None}
    shown = mask({"form_data": form}, NAMES | NUMBERS, "form_submission")["form_data"]
    assert shown == form | {"guest_name": ["A*** E***", "B*** E***"]}


@pytest.mark.parametrize("value", ["(" * 20_000, "1234567" + " " * 20_000 + "!", "1 " * 10_000 + "x", "+" * 20_000])
def test_a_text_made_to_cost_is_looked_at_once(value):
    """Quadratic, these would take minutes; the suite's time limit is the measure."""
    mask({"form_data": {f"{number}{'aB' * 90}": value for number in range(100)}}, NUMBERS | NAMES, "form_submission")
