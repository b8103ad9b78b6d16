"""`python -m tests.simulate`, which `./dev simulate` runs."""

from __future__ import annotations

import argparse
import os
import random
import sys

from callhooks_site.devtools.database import throw_away_server
from callhooks_site.devtools.state import PROJECT, DevError, environment, make_secrets


def main() -> int:
    options = _options()
    try:
        with throw_away_server("simulate", migrated=True) as server:
            os.environ.update(environment(server.url, make_secrets(), var=PROJECT / "var" / "simulate"))
            os.environ["LOG_LEVEL"] = "ERROR"  # each silent call would be a line
            return _run(options.calls, options.seed, options.processes)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _run(calls: int, seed: int, processes: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from tests.simulate.run import simulate

    call_command("migrate", interactive=False, verbosity=0)
    try:
        result = simulate(calls, seed, processes=processes, say=_say)
    finally:
        connections.close_all()
    _say(
        f"{result.calls} calls, seed {seed}: {result.callbacks} callbacks came, shuffled and half of them twice; "
        f"{result.lost} were lost."
    )
    _say(
        f"{result.seconds:.1f} s, {result.callbacks / result.seconds:.0f} callbacks a second in {processes} processes."
    )
    _say(", ".join(f"{count} {story.replace('_', ' ')}" for story, count in sorted(result.stories.items())))
    _say(", ".join(f"{count} {kind}" for kind, count in sorted(result.events.items())))
    _say(
        f"{result.closed_silent} calls closed as silent; of {result.never_known} nothing said who called whom; "
        f"{result.refused} callbacks refused."
    )
    for words in result.wrong[:20]:
        _say(f"wrong: {words}")
    _say(f"{len(result.wrong)} calls with wrong events." if result.wrong else "Every call's events are right.")
    return 1 if result.wrong or result.refused else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev simulate",
        description="A day of calls as a provider's callbacks tell it: shuffled, doubled, one in fifty lost.",
    )
    parser.add_argument("provider", choices=["twilio"])
    parser.add_argument("--calls", type=int, default=10_000, metavar="N", help="how many (10000)")
    parser.add_argument("--processes", type=int, default=2, choices=range(1, 17), metavar="N", help="side by side (2)")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="for the same day again")
    options = parser.parse_args()
    if not 1 <= options.calls <= 1_000_000:
        parser.error("--calls lies between 1 and 1000000")
    if options.seed is None:
        options.seed = random.randrange(1_000_000)
    return options


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
