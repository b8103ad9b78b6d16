"""`--check`: did all events of all accepted objects arrive?"""

from pathlib import Path

from callhooks_site.installation import PROGRAM

from .arrivals import Arrivals
from .day import Say, await_arrivals
from .expectations import Expectations, Key
from .sent_log import read_into

SHOWN = 20


def check(sent: Path, received: Path, say: Say, seconds: float) -> int:
    """0 when everything arrived and nothing came twice under two ids; 1 otherwise."""
    expectations = Expectations()
    try:
        entries = read_into(expectations, sent)
    except FileNotFoundError:
        say(f"{sent} is missing: run `{PROGRAM} demo --rate 5 --seconds 10` first.")
        return 1
    if not received.exists():
        say(f"{received} is missing: the receiver has recorded nothing.")
        return 1
    complete = await_arrivals(expectations, Arrivals(received), seconds)
    missing, surplus = expectations.missing(), expectations.surplus()
    say(
        f"{entries} entries, {expectations.expected_total()} events expected, "
        f"{sum(missing.values())} missing, {sum(surplus.values())} too many."
    )
    _list(say, "missing", missing)
    _list(say, "too many", surplus)
    if not complete:
        say("They may still be on their way: `--check --wait 60` waits. Deliveries in the admin show each.")
    return 1 if missing or surplus else 0


def _list(say: Say, word: str, found: dict[Key, int]) -> None:
    for (resource_id, event), count in list(found.items())[:SHOWN]:
        say(f"  {word}: {event} of {resource_id}" + (f", {count} times" if count > 1 else ""))
    if len(found) > SHOWN:
        say(f"  … and {len(found) - SHOWN} more")
