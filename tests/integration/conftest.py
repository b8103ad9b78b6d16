from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import cleaning

pytest.register_assert_rewrite("tests.support.golden")


@pytest.fixture(scope="module", autouse=True)
def cleaned_by_deleting() -> Iterator[None]:
    with cleaning.cleaned_by_deleting():
        yield
