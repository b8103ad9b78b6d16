"""A backup is restored: a dump into another database, base backup and archive to a point in time, and, in the long
form, the dump over the database that it was made of.

All copies start quiet, and deliver once they are released. Nothing that was accepted before the dump began, or before
the point, may be lost.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg

from callhooks_site.devtools.database import throw_away_server
from tests.chaos.receiver import Receiver
from tests.chaos.verification import verify
from tests.drills import backups
from tests.drills.options import Options
from tests.drills.processes import Processes
from tests.drills.result import Result
from tests.drills.site import Site

POINT = "drill"
SOME = 10  # webhooks of the original, before a backup is made of it
Accepted = set[tuple[str, str]]
Events = dict[str, tuple[str, str]]


@dataclass
class Copy:
    """What became of a copy. In `facts`, `accepted_before` counts the events of what was accepted before the backup,
    all of which it must have; `after` those that only the original had; `told_anew` which of these the copy published
    too, with new ids: a timer of a call that is over comes twice."""

    facts: dict[str, Any]
    lost: int
    duplicates: int
    faults: list[str]


def run(options: Options) -> Result:
    began = time.monotonic()
    with (
        throw_away_server("drill", migrated=True) as server,
        throw_away_server("drill") as other,
        Receiver() as receiver,
        Processes() as processes,
    ):
        backups.archive(server)
        site = Site.make(server.url, options.log)
        load = site.load(site.prepare(receiver.url), options.threads)
        base, dumped = server.folder / "base", server.folder / "callhooks.dump"
        backups.base_backup(server, base)
        site.start(processes)
        load.start()
        try:
            processes.wait_until(lambda: len(receiver.arrivals) > SOME, "The original delivers nothing.")
            processes.go_on(options.seconds(20, 1))
            before_dump = load.accepted_by_now()
            backups.dump(server, dumped)
            processes.go_on(options.seconds(10, 1))
            before_point = load.accepted_by_now()
            backups.ask(server.url, f"SELECT pg_create_restore_point('{POINT}')")
            processes.go_on(options.seconds(10, 1))
        finally:
            load.stop()
        processes.kill("web", "cluster")  # the original is lost with what it had under way
        backups.finish_archive(server)

        first, theirs = dict(receiver.arrivals), _events(server.url)

        def begin_again() -> None:
            receiver.arrivals = defaultdict(list, {key: list(came) for key, came in first.items()})

        url, restored_in = _timed(lambda: backups.restore_dump(server, dumped, "callhooks_restored"))
        copies = {"from_dump": _follow(site.at(url, "dump"), processes, receiver, before_dump, theirs, restored_in)}
        begin_again()
        _, recovered_in = _timed(lambda: backups.recover(other, base, server, POINT))
        at_a_point = site.at(other.url, "archive")
        copies["to_a_point"] = _follow(at_a_point, processes, receiver, before_point, theirs, recovered_in)
        if not options.short:
            begin_again()
            _, restored_in = _timed(lambda: backups.restore_over(server, dumped))
            over = site.at(server.url, "over")
            copies["over_itself"] = _follow(over, processes, receiver, before_dump, theirs, restored_in)
    return Result(
        lost=sum(copy.lost for copy in copies.values()),
        failed_requests=sum(load.accepted.failed.values()),
        duplicates=sum(copy.duplicates for copy in copies.values()),
        seconds=round(time.monotonic() - began, 1),
        facts={"requests": load.accepted.requests, **{name: copy.facts for name, copy in copies.items()}},
        faults=[*load.accepted.reasons, *(fault for copy in copies.values() for fault in copy.faults)],
    )


def _follow(
    site: Site, processes: Processes, receiver: Receiver, before: Accepted, theirs: Events, restored_in: float
) -> Copy:
    """Start the copy, release it, wait until it has sent all it has, and compare. `theirs`: of the original."""
    arrived = receiver.count()
    processes.start(site.cluster())
    site.wait_for_log(processes, "so nothing is sent")
    health = json.loads(site.manage("health", "--json", may_fail=True))
    sent_quietly = receiver.count() - arrived
    began = time.monotonic()
    site.manage("release")
    site.wait_until_nothing_waits(processes)
    all_sent_in = time.monotonic() - began
    processes.stop("cluster")
    url = site.env["DATABASE_URL"]
    seen = verify(url, before, receiver.arrivals)
    ours = _events(url)
    gone = {event: theirs[event] for event in theirs.keys() - ours.keys()}
    facts = {
        "seconds_to_restore": restored_in,
        "accepted_before": len(before),
        "after": len(gone),
        "told_anew": len(set(gone.values()) & {ours[event] for event in ours.keys() - theirs.keys()}),
        "sent_while_quiet": sent_quietly,
        "sent_by_the_copy": receiver.count() - arrived,
        "sent_again": seen.duplicates,
        "seconds_from_release_until_all_is_sent": round(all_sent_in, 1),
    }
    wrong = {"altered": seen.altered, "forged": seen.forged}
    faults = [f"{count} {name}" for name, count in wrong.items() if count]
    if sent_quietly or not health["quiet"]:
        faults.append(f"The copy was not quiet: {sent_quietly} sent, health says: {health['ills']}")
    if seen.lost or faults:
        faults += seen.examples
    return Copy(facts, seen.lost, seen.duplicates, [*faults, *site.audit_faults()])


def _events(url: str) -> Events:
    """Subject and type of each event."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id::text, subject_id, type FROM subscriptions_event").fetchall()
    return {event: (subject, kind) for event, subject, kind in rows}


def _timed(work: Any) -> tuple[Any, float]:
    began = time.monotonic()
    return work(), round(time.monotonic() - began, 1)
