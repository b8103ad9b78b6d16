from __future__ import annotations

import logging
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from callhooks_site.supervision.child import ProcessSpec
from callhooks_site.supervision.signals import StopSignals
from callhooks_site.supervision.supervisor import Supervisor
from callhooks_site.supervision.watch import Watch
from subscriptions.database import checks
from subscriptions.worker.heartbeat import VARIABLE

logger = logging.getLogger("callhooks.supervisor")

# Longer than a healthy worker is ever silent: while the queue is full for a moment, or the database is slow.
SILENT_SECONDS = 45.0
START_SECONDS = 30.0
# Deliveries wait until the cluster is back. One that cannot start uses a third of a core at this pace.
LONGEST_PAUSE = 5.0
# After the longest request: to record its outcome, and for django-q2 to stop its processes one after the other.
ENDING_SECONDS = 10.0


class Command(BaseCommand):
    help = (
        "Run the django-q2 cluster (qcluster) and restart it when it ends, or when it runs but does no work. "
        "SIGTERM or Ctrl-C stops it, after the requests in flight are finished."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--grace",
            type=float,
            default=settings.WEBHOOK_TOTAL_TIMEOUT + ENDING_SECONDS,
            help="seconds from SIGTERM until its processes are killed (default: WEBHOOK_TOTAL_TIMEOUT + 10)",
        )
        parser.add_argument(
            "--silent",
            type=float,
            default=SILENT_SECONDS,
            help="seconds without a heartbeat (while the database answers) until a restart (default: %(default)s)",
        )
        parser.add_argument(
            "--longest-pause",
            type=float,
            default=LONGEST_PAUSE,
            help="most seconds between the restarts of a cluster that keeps ending (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._look_at_the_database()
        with StopSignals() as signals, Watch(silent_for=options["silent"]) as watch:
            spec = ProcessSpec(
                "cluster",
                [sys.executable, os.path.abspath(sys.argv[0]), "qcluster"],
                env={**os.environ, VARIABLE: os.fspath(watch.path)},
                grace=options["grace"],
                healthy=watch.healthy,
                health_delay=min(START_SECONDS, options["silent"]),
                health_interval=min(5.0, options["silent"] / 4),
                health_failures=1,
            )

            def say(text: str) -> None:
                why = f" ({watch.problem})" if watch.problem else ""
                if settings.LOG_FORMAT == "json":
                    logger.warning("%s%s", text, why)
                else:
                    self.stderr.write(f"supervisor: {text}{why}")

            pause = options["longest_pause"]
            codes = Supervisor([spec], signals=signals, say=say, longest_pause=pause).run()
        code = codes.get("cluster", 0)
        if code:
            sys.exit(code if code > 0 else 128 - code)

    def _look_at_the_database(self) -> None:
        """Only now: a cluster that runs is never stopped for what is found."""
        findings = checks.of_cluster()
        for finding in findings:
            if not finding.fatal:
                self.stderr.write(f"supervisor: {finding.text}")
        if fatal := [finding.text for finding in findings if finding.fatal]:
            raise CommandError("The cluster cannot work with this database. " + "\n".join(fatal))
