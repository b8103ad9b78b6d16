from __future__ import annotations

from django.apps import AppConfig


class NaiveConfig(AppConfig):
    """Keeps the engine out of the naive cluster."""

    name = "tests.bench"
    label = "bench_naive"

    def ready(self) -> None:
        from tests.bench.naive import without_the_engine

        without_the_engine()
