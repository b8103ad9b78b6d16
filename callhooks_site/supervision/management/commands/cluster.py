from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from callhooks_site.supervision.child import ProcessSpec
from callhooks_site.supervision.signals import StopSignals
from callhooks_site.supervision.supervisor import Supervisor
from callhooks_site.supervision.watch import Watch
from subscriptions.worker.heartbeat import VARIABLE

# Longer than a worker may be silent for good reason: a queue that is full for a moment, a slow database.
SILENT_SECONDS = 45.0
START_SECONDS = 30.0
# Deliveries wait meanwhile. A cluster that cannot start burns a third of a core at this pace, and says so each time.
LONGEST_PAUSE = 5.0
# Beyond the longest request: for writing what came of it, and for django-q2 to end its processes one after the other.
ENDING_SECONDS = 10.0


class Command(BaseCommand):
    help = (
        "Run the django-q2 cluster (qcluster) and look after it: it is started again when it ends, and when it runs "
        "but does no work. SIGTERM or Ctrl-C ends it: what is under way is finished first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--grace",
            type=float,
            default=settings.WEBHOOK_TOTAL_TIMEOUT + ENDING_SECONDS,
            help="seconds from SIGTERM until its processes are killed (WEBHOOK_TOTAL_TIMEOUT + 10)",
        )
        parser.add_argument(
            "--silent",
            type=float,
            default=SILENT_SECONDS,
            help="seconds without a sign of life, while the database answers, until it is restarted (%(default)s)",
        )
        parser.add_argument(
            "--longest-pause",
            type=float,
            default=LONGEST_PAUSE,
            help="seconds before the next start of a cluster that ends again and again (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
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
                self.stderr.write(f"supervisor: {text}{why}")

            pause = options["longest_pause"]
            codes = Supervisor([spec], signals=signals, say=say, longest_pause=pause).run()
        code = codes.get("cluster", 0)
        if code:
            sys.exit(code if code > 0 else 128 - code)
