from __future__ import annotations

import logging
import os
from types import FrameType
from typing import Any

from django_q.cluster import Cluster
from django_q.management.commands.qcluster import Command as QClusterCommand

from ...worker import cluster_hooks, heartbeat, stop_flag
from ...worker.broker import HEARTBEAT_TASK


class DrainStoppingCluster(Cluster):  # type: ignore[misc]
    """On SIGTERM or Ctrl-C, tells the drains to end: they finish the requests in flight and return the rest."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        stop_flag.stop()
        super().sig_handler(signum, frame)


class Command(QClusterCommand):  # type: ignore[misc]
    """django-q2's own command, with a cluster that stops its drains first."""

    def handle(self, *args: Any, **options: Any) -> None:
        if options.get("cluster_name"):
            os.environ["Q_CLUSTER_NAME"] = options["cluster_name"]
        heartbeat.reset()
        cluster_hooks.guard_connections()
        # django-q2 logs three lines for each heartbeat task.
        logging.getLogger("django-q").addFilter(lambda record: HEARTBEAT_TASK not in record.getMessage())
        cluster = DrainStoppingCluster()
        cluster.start()
        if options.get("run_once", False):
            cluster.stop()
