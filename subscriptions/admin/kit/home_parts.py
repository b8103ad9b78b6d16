"""What other apps add to the home page of a company: cards, and things to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ...models import Company


@dataclass(frozen=True)
class Todo:
    """`icon`: in templates/icons."""

    icon: str
    title: str
    detail: str
    url: str
    label: str = "Show"


@dataclass(frozen=True)
class Part:
    """`template`: is given what `context` returns, as `part`. `todos`: the most urgent first."""

    template: str
    context: Callable[[HttpRequest, Company], dict[str, Any]]
    todos: Callable[[HttpRequest, Company], list[Todo]] = lambda request, company: []


_parts: list[Part] = []


def add_part(part: Part) -> None:
    _parts.append(part)


def parts() -> list[Part]:
    return list(_parts)
