"""docs/licences.md: what the service is built of, from the metadata of the installed packages."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
}
_PINNED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?P<marker> ;.*?)? \\$", re.MULTILINE)

_HEAD = """# Licences

Callhooks itself is under the [MIT licence](../LICENSE). These packages run with it, each installed as its authors
publish it; pip brings their licence texts. Made with `./dev licences`.

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
    return _HEAD + "".join(f"| {name} | {version} | {licence} |\n" for name, version, licence in packages()) + _FILES


def packages() -> Iterator[tuple[str, str, str]]:
    """Name, version and licence of what requirements.txt pins, except for Windows, where the service does not run, and
    for the first patches of Python 3.11, which nobody makes this page with."""
    for found in _PINNED.finditer((PROJECT / "requirements.txt").read_text()):
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
    return next((text for text in (*expressions, *stated) if text), "unknown")


def accepted(licence: str) -> bool:
    """Whether one of its alternatives holds nothing but what is accepted."""
    return any(set(re.split(r" AND |[()]", choice)) - {""} <= ACCEPTED for choice in licence.split(" OR "))
