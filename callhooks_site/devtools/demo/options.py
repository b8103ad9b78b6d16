"""The command line of `./dev demo`."""

import argparse
import math


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """`fast`, `check` (bool), `wait`, `rate`, `seconds` (float or None), `through` (api or twilio). Exits with 2 on
    nonsense."""
    parser = argparse.ArgumentParser(
        prog="./dev demo",
        description="Plays an ordinary day through the public API and waits until its webhooks have arrived.",
    )
    parser.add_argument("--fast", action="store_true", help="no pauses between the steps")
    parser.add_argument(
        "--wait",
        type=_seconds,
        metavar="S",
        help="how long to wait for the webhooks (60 seconds; with --check, none)",
    )
    parser.add_argument(
        "--through", choices=["api", "twilio"], default="api", help="how the calls and texts come in (api)"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--rate", type=_rate, metavar="N", help="keep going at N events a second until Ctrl-C")
    instead.add_argument(
        "--check", action="store_true", help="say whether every event of earlier --rate runs has arrived"
    )
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="with --rate: stop after S seconds")
    options = parser.parse_args(arguments)
    if options.seconds is not None and options.rate is None:
        parser.error("--seconds goes with --rate")
    if options.through != "api" and (options.rate is not None or options.check):
        parser.error("--through twilio plays the day; it goes with neither --rate nor --check")
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
        raise argparse.ArgumentTypeError(f"{text!r} is no number between {least:g} and {most:.0f}")
    return value
