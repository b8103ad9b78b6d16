"""Read what the webhooks of form builders send: each builder's way to write questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import elementor, gravity_forms, hubspot, jotform, typeform, webflow
from .answers import Answers

_READERS: tuple[Callable[[Mapping[str, Any]], Answers | None], ...] = (
    typeform.read, webflow.read, hubspot.read, jotform.read, elementor.read, gravity_forms.read,
)  # fmt: skip


def read(data: Mapping[str, Any]) -> Answers | None:
    """None if it is not in the shape of one of the builders."""
    return next((answers for reader in _READERS if (answers := reader(data)) is not None), None)
