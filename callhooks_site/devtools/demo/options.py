"""The command line of `./dev demo`."""

import argparse
import math

from callhooks_site.installation import PROGRAM


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """`fast`, `check`, `month` (bool), `wait`, `rate`, `seconds` (float or None), `through` (api or twilio). Exits with
    2 if they are invalid."""
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} demo",
        description="Sends an ordinary day through the public API and waits until its webhooks have arrived.",
    )
    parser.add_argument("--fast", action="store_true", help="no pauses between the steps")
    parser.add_argument(
        "--wait",
        type=_seconds,
        metavar="S",
        help="seconds to wait for the webhooks (default: 60; with --check: 0)",
    )
    parser.add_argument(
        "--through", choices=["api", "twilio"], default="api", help="how calls and texts are sent (default: api)"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--rate", type=_rate, metavar="N", help="send N events a second until Ctrl-C")
    instead.add_argument(
        "--month", action="store_true", help="put an invented month of a company with a failing subscription there"
    )
    instead.add_argument(
        "--check", action="store_true", help="check that all events of earlier --rate runs have arrived"
    )
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="with --rate: stop after S seconds")
    options = parser.parse_args(arguments)
    if options.seconds is not None and options.rate is None:
        parser.error("--seconds goes with --rate")
    if options.through != "api" and (options.rate is not None or options.check or options.month):
        parser.error("--through twilio sends the day; it cannot be combined with --rate or --check")
    return options


def _rate(text: str) -> float:
    return _number(text, 0.01, 10_000)


def _seconds(text: str) -> float:
    return _number(text, 0, 1_000_000)


def _number(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between {least:g} and {most:.0f}")
    return value
