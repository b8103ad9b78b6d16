"""`python -m callhooks_site.devtools.demo`, which `./dev demo` runs."""

import io
import random
import signal
import sys
import time
from pathlib import Path

from callhooks_site.devtools import manage
from callhooks_site.devtools.receiver.config import var_folder
from callhooks_site.installation import PROGRAM

from . import day, twilio
from .api import Api, ApiError
from .arrivals import Arrivals
from .check import check
from .constant_rate import ConstantRate
from .expectations import Expectations
from .options import parse
from .sent_log import SentLog
from .settings import DemoSettings, NotReady, load
from .step_sender import StepSender

WAIT_SECONDS = 60.0


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    options = parse(arguments)
    folder = var_folder()
    if options.month:
        return manage.main(["fill_demo_month"])
    try:
        if options.check:
            return check(folder / "demo-sent.jsonl", folder / "receiver.jsonl", say, options.wait or 0.0)
        settings = load(folder / "demo.json")
        if options.rate is not None:
            return _run_at_rate(settings, folder, options.rate, options.seconds)
        wait = WAIT_SECONDS if options.wait is None else options.wait
        pause = 0.0 if options.fast else day.PAUSE_SECONDS
        return _run_day(settings, folder, wait, pause, through_twilio=options.through == "twilio")
    except (NotReady, ApiError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def _run_day(settings: DemoSettings, folder: Path, wait: float, pause: float, *, through_twilio: bool) -> int:
    received = folder / "receiver.jsonl"
    expectations = Expectations()
    arrivals = {version: Arrivals.from_now(received, version) for version in settings.payload_versions}
    api = Api(settings.api_url, settings.api_key)
    sender: StepSender
    if through_twilio:
        if settings.twilio is None:
            raise NotReady(f"The demo has no phone system yet. Stop `{PROGRAM} run` and start it again.")
        steps, sender = (
            twilio.plan_day(settings.trackers, random.Random(), settings.media_url),
            twilio.TwilioStepSender(api, settings.twilio),
        )
    else:
        steps = day.plan_day(settings.trackers, random.Random(), settings.media_url)
        sender = StepSender(api)
    how = "as Twilio callbacks" if through_twilio else "to the API"
    say(f"An ordinary day, sent {how}. Each → is a webhook; watch the terminal of `{PROGRAM} run`.\n")
    day.run_steps(steps, sender, expectations, say, pause)
    due = expectations.expected_total() * len(arrivals)
    say(f"\nEnd of the day: {due} webhooks are due. Waiting for them …")
    started = time.monotonic()
    missing = False
    for version, its_arrivals in arrivals.items():
        its_expectations = expectations.copy_expected()
        left = max(0.0, wait - (time.monotonic() - started))
        complete = day.await_arrivals(its_expectations, its_arrivals, left)
        said = f" in version {version}" if version else ""
        say(f"\n{day.table(its_expectations)}\n")
        if complete:
            took = time.monotonic() - started
            good = "with valid signatures and bodies" if version else "with valid signatures"
            say(f"All seven events arrived{said} {good}, {took:.1f} s after the last request.")
            continue
        missing = True
        for (resource_id, event), count in its_expectations.missing().items():
            say(f"missing{said}: {event} of {resource_id}" + (f", {count} times" if count > 1 else ""))
    if missing:
        say(
            f"Not all arrived within {wait:g} seconds. Where to look: the receiver’s lines in the terminal of "
            f"`{PROGRAM} run`, its record {received}, and Deliveries in the admin, which show each attempt."
        )
    return 1 if missing else 0


def _run_at_rate(settings: DemoSettings, folder: Path, rate: float, seconds: float | None) -> int:
    Api(settings.api_url, settings.api_key).check_reachable()
    ends = f"for {seconds:g} seconds" if seconds is not None else "until Ctrl-C"
    say(f"{rate:g} events a second, {ends}. What is accepted goes to {folder / 'demo-sent.jsonl'}.")
    # SIGTERM ends it like Ctrl-C: it finishes what was begun, and prints the totals.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    runner = ConstantRate(settings, SentLog(folder / "demo-sent.jsonl"), rate)
    try:
        runner.wait(seconds)
    except KeyboardInterrupt:
        say("Finishing (press Ctrl-C again to stop now) …")
    runner.finish()
    took, totals = time.monotonic() - started, runner.totals
    errors = totals.errors.total()
    say(
        f"{totals.requests} requests, {errors} errors, {totals.events} events expected "
        f"in {took:.1f} s ({totals.events / took:.1f} a second)."
    )
    for words, count in totals.errors.most_common(5):
        say(f"  {count} × {words}")
    say(f"Did all arrive? `{PROGRAM} demo --check`")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
