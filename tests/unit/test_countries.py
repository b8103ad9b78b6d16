"""Which country a time zone is in."""

from __future__ import annotations

import zoneinfo

import pytest

from subscriptions.lib.countries import country_names, country_of


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Asia/Kolkata", "IN"),
        ("Asia/Calcutta", "IN"),
        ("US/Central", "US"),
        ("Europe/Amsterdam", "NL"),
        ("America/Montreal", "CA"),
        ("GB", "GB"),
        ("UTC", "US"),
        ("No/Where", "US"),
    ],
    ids=str,
)
def test_a_zone_has_a_country(zone: str, country: str):
    assert country_of(zone) == country


def test_every_zone_has_one_that_has_a_name():
    assert {country_of(zone) for zone in zoneinfo.available_timezones()} <= country_names().keys()
    assert country_names()["IN"] == "India"
