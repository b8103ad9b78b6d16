"""`python -m tests.prove`, which `./dev prove` runs: 100,000 events, a receiver that lies about some, and whether the
manifests and the feed find each lie, and accuse nobody else."""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time

from callhooks_site.devtools.database import throw_away_server
from callhooks_site.devtools.state import PROJECT, DevError, environment, make_secrets


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev prove", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        with throw_away_server("prove", migrated=True) as server:
            os.environ.update(environment(server.url, make_secrets(), var=PROJECT / "var" / "prove"))
            os.environ |= {"LOG_LEVEL": "ERROR", "API_REQUESTS_PER_MINUTE": "0"}
            return _run(options.events, options.seed)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _run(events: int, seed: int) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", interactive=False, verbosity=0)
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DEBUG = False  # with it Django keeps every statement
    try:
        return _prove(events, seed)
    finally:
        connections.close_all()


def _prove(events: int, seed: int) -> int:
    from tests.prove import lies
    from tests.support.api import program
    from tests.support.factories import make_company, make_subscription, make_tracker

    company = make_company()
    subscription = make_subscription(company, events=list(lies.TYPES))
    started = time.monotonic()
    lies.publish(subscription, make_tracker(company), events)
    published = time.monotonic()
    _say(f"{events:,} events published in {published - started:.0f} s.")
    days = lies.make_manifests(subscription)
    _say(f"Manifests of {', '.join(days)} made in {time.monotonic() - published:.1f} s.")
    results = lies.compare_both(program(company, ["read"]), subscription, days, seed)
    told = results.pop("told")
    _say(
        f"The receiver dropped {len(told.dropped):,}, doubled {len(told.doubled):,}, altered {len(told.altered):,} and "
        f"swapped {len(told.swapped):,} pairs."
    )
    wrong = False
    for way, (found, faults) in results.items():
        wrong = wrong or bool(faults)
        _say(f"By {way}, {found.compared:,} events compared: {'; '.join(faults) or 'each found, nobody else accused.'}")
    _say(f"{time.monotonic() - started:.0f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB.")
    return int(wrong)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
