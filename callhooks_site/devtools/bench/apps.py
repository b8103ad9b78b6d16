from __future__ import annotations

import os
from functools import partial

from django.apps import AppConfig


class NaiveConfig(AppConfig):
    """Keeps the engine out of the naive cluster."""

    name = "callhooks_site.devtools.bench"
    label = "bench_naive"

    def ready(self) -> None:
        from .naive import without_the_engine

        without_the_engine()


class TrustingConfig(AppConfig):
    """Has the engine's client trust the bench's certificate authority."""

    name = "callhooks_site.devtools.bench"
    label = "bench_trusting"

    def ready(self) -> None:
        from subscriptions import sender

        sender.Client = partial(sender.Client, ca_bundle=os.environ["BENCH_CA_BUNDLE"])  # type: ignore[misc,assignment]
