"""Write the configuration of companies as a file: without secrets, and without what is as it is by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml

from subscriptions.models import Company

from . import companies
from .applying import KINDS, VERSION
from .reading import BadConfiguration
from .secrets import prefix_of, word_of

HEAD = (
    "# Configuration of Callhooks, written by export_config. Secrets stand here as env:NAME or file:PATH;\n"
    "# apply_config keeps what is stored where a variable is not set. See docs/configuration-as-code.md.\n"
)


class _Dumper(yaml.SafeDumper):
    """Items of lists are indented, texts of several lines are blocks, and nothing is an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def export(only: Sequence[str]) -> str:
    """All companies, or these. Raises BadConfiguration where a name is not known, or is that of two."""
    rows = Company.objects.order_by("name", "pk")
    words = Counter(word_of(name) for name in Company.objects.values_list("name", flat=True))
    shown: list[dict[str, Any]] = []
    for company in (rows.filter(name__in=only) if only else rows).iterator(chunk_size=100):
        if shown and shown[-1]["name"] == company.name:
            raise BadConfiguration(f"There are several companies called {company.name}. Rename all but one.")
        prefix = prefix_of(company.name, company.resource_id, shared=words[word_of(company.name)] > 1)
        shown.append(companies.show(company) | _things(company, prefix))
    if missing := set(only) - {one["name"] for one in shown}:
        raise BadConfiguration(f"There is no company {sorted(missing)[0]}.")
    document = {"version": VERSION, "companies": shown}
    return HEAD + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _things(company: Company, prefix: str) -> dict[str, Any]:
    found = {}
    for kind in KINDS:
        rows = kind.known(company).values()
        for row in rows:
            row.company = company
        if rows:
            found[kind.name] = [kind.show(row, prefix) for row in rows]
    return found
