"""docs/licences.md: what the service is built of, from the metadata of the installed packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import metadata

from callhooks_site.devtools.state import PROJECT

PAGE = PROJECT / "docs" / "licences.md"
# What may be in a service that is given away under MIT. Another one is a decision to be taken, not a line to be added.
ACCEPTED = {
    "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
    "Unlicense",
}  # fmt: skip
# What older metadata calls them.
_NAMES = {
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
}
_PINNED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?P<marker> ;.*?)? \\$", re.MULTILINE)

_HEAD = """# Licences

Callhooks itself is under the [MIT licence](../LICENSE). These packages run with it, each installed as its authors
publish it; pip brings their licence texts. Made with `./dev licences`.

| package | version | licence |
|---|---|---|
"""

_TRACES = """
These come with traces, if they are wanted: `requirements-tracing.txt`, or the wheel's extra `tracing`. The container
image has them:

| package | version | licence |
|---|---|---|
"""

# Files of others in this repository, each with its licence beside it.
_FILES = """
These files of others are part of this repository, with their licences beside them:

| files | where | licence |
|---|---|---|
| Inter, variable (from `@fontsource-variable/inter`) | `callhooks_site/static/callhooks/fonts` | OFL-1.1 |
| Lucide icons (from `lucide-static`) | `templates/icons` | ISC |
"""


def page() -> str:
    """The page as it should be. Raises PackageNotFoundError when a pinned package is not installed."""
    return _HEAD + _table(packages()) + _TRACES + _table(packages_for_traces()) + _FILES


def _table(packages: Iterable[tuple[str, str, str]]) -> str:
    return "".join(f"| {name} | {version} | {licence} |\n" for name, version, licence in packages)


def packages_for_traces() -> list[tuple[str, str, str]]:
    """What requirements-tracing.txt pins beside what requirements.txt does."""
    always = {name for name, _, _ in packages()}
    return [one for one in packages("requirements-tracing.txt") if one[0] not in always]


def packages(file: str = "requirements.txt") -> Iterator[tuple[str, str, str]]:
    """Name, version and licence of what the file pins, except for Windows, where the service does not run, and
    for the first patches of Python 3.11, which nobody makes this page with."""
    for found in _PINNED.finditer((PROJECT / file).read_text()):
        if not re.search(r"win32|python_full_version < '3\.11", found["marker"] or ""):
            yield found["name"], found["version"], licence_of(found["name"])


def licence_of(name: str) -> str:
    """An SPDX expression where the package gives one, else what it says in its older way; "unknown" else."""
    told = metadata(name)
    classified = [
        _NAMES.get(line.rpartition(" :: ")[2], line.rpartition(" :: ")[2])
        for line in told.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    expressions = told.get_all("License-Expression") or [" AND ".join(classified)]
    stated = [text.strip() for text in told.get_all("License") or [] if "\n" not in text.strip()]
    found = next((text for text in (*expressions, *stated) if text), "unknown")
    return _NAMES.get(found, found)


def accepted(licence: str) -> bool:
    """Whether one of its alternatives holds nothing but what is accepted."""
    return any(set(re.split(r" AND |[()]", choice)) - {""} <= ACCEPTED for choice in licence.split(" OR "))
