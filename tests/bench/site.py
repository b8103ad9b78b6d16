"""The site in this process, with the rows of a bench of pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tests.bench.workspace import Workspace, use

Data = TypeVar("Data")
# A page that takes longer is interrupted, and listed with this time.
GIVE_UP_MS = 20_000


@contextmanager
def filled_site(workspace: Workspace, purpose: str, fill: Callable[[], Data]) -> Iterator[tuple[Data, float]]:
    """What `fill` made in a new database, and the seconds that it took. Static files need not be collected."""
    from django.db import connection
    from django.test import override_settings

    logging.getLogger("django.request").setLevel(logging.ERROR)  # pages that are refused are no news here
    use(workspace.database(purpose))
    begun = time.monotonic()
    data = fill()
    seconds = time.monotonic() - begun
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {GIVE_UP_MS}")
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=plain):
        yield data, seconds
