"""Countries and their time zones, from the package tzdata. A country is its code in ISO 3166. No Django.

The database of the machine is not used: it may lack these tables, or be of another year."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# A zone that belongs to no country, such as UTC.
ELSEWHERE = "US"


def country_of(time_zone: str) -> str:
    """`Asia/Kolkata` → `IN`. Old names count as the zone that they stand for: `Asia/Calcutta`, `US/Central`."""
    zones = _country_by_zone()
    return zones.get(time_zone) or zones.get(_links().get(time_zone, ""), ELSEWHERE)


@cache
def country_names() -> dict[str, str]:
    """`{"IN": "India", …}`, in the order of the names."""
    names = dict(_rows("iso3166.tab"))
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


@cache
def _country_by_zone() -> dict[str, str]:
    return {columns[2]: columns[0] for columns in _rows("zone.tab")}


@cache
def _links() -> dict[str, str]:
    """Old name → name. Lines of links begin with an L: `L Asia/Kolkata Asia/Calcutta`."""
    lines = (line.split() for line in _text("tzdata.zi").splitlines() if line.startswith("L "))
    return {name: target for _, target, name in lines}


def _rows(file: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(file).splitlines() if line and not line.startswith("#")]


def _text(file: str) -> str:
    return files("tzdata").joinpath("zoneinfo", file).read_text(encoding="utf-8")
