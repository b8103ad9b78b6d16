"""Phone numbers, from what people and providers write to what is stored and shown."""

import pytest

from calls.phones import (
    BadNumber,
    dashed,
    formatted,
    normalise,
    normalise_customer,
    normalise_if_number,
    read_in,
)


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


@pytest.mark.parametrize(
    ("written", "region", "understood"),
    [
        ("020 7946 0018", "US", "+1 02079460018, which has too many digits"),
        ("555 0123", "US", "+1 5550123, which has too few digits: its area code is missing"),
        ("98765", "IN", "+91 98765, which has too few digits"),
    ],
)
def test_what_is_impossible_is_told_as_it_was_understood(written: str, region: str, understood: str):
    with pytest.raises(BadNumber) as told:
        normalise(written, region=region)
    assert f"{written!r} was read as {understood}." in str(told.value)


def test_a_search_reads_a_number_by_each_country():
    assert read_in("98765 43210", {"IN", "US"}) == {"+919876543210", "+19876543210"}
    assert read_in("Ann", {"IN", "US"}) == set()


@pytest.mark.parametrize("written", ["withheld", "Anonymous", "+266696687", "266696687", "Unavailable"])
def test_a_customers_number_may_be_withheld(written: str):
    assert normalise_customer(written) == ""
