"""Phone numbers, from what people and providers write to what is stored and shown."""

import pytest

from calls.phones import BadNumber, dashed, formatted, normalise, normalise_if_number


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("(214) 555-0123", "+12145550123"),
        ("214.555.0123", "+12145550123"),
        ("1 214 555 0123", "+12145550123"),
        ("+1 214 555 0123", "+12145550123"),
        ("+44 20 7946 0018", "+442079460018"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_it_is_stored_as_e164(written: str, stored: str):
    assert normalise(written) == stored


@pytest.mark.parametrize("written", ["5550123", "123", "Anonymous", "+1", "sip:ann@example.com", "+12145550123456789"])
def test_what_is_no_number_is_refused_with_what_to_write(written: str):
    with pytest.raises(BadNumber, match=r"\+12145550123"):
        normalise(written)
    assert normalise_if_number(written) == ""


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("+12145550123", "214-555-0123"), ("+442079460018", "+44 20 7946 0018"), ("", "")],
)
def test_it_is_shown_dashed_in_north_america_and_internationally_elsewhere(stored: str, shown: str):
    assert formatted(stored) == shown


def test_texts_show_other_countries_as_e164():
    assert dashed("+442079460018") == "+442079460018"
    assert dashed("+12145550123") == "214-555-0123"
