"""The wheel has all that the service reads, and nothing of the tests."""

from __future__ import annotations

import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from callhooks_site.version import VERSION

from .conftest import ROOT

PACKAGES = ("callhooks_site", "subscriptions", "calls", "messaging", "forms_intake")
BUNDLED = ("templates", "docs", "deploy")
# They write files of a clone.
LEFT_OUT = {
    f"callhooks_site/devtools/management/commands/{name}.py" for name in ("capture", "licences", "prepare_chaos")
}
REQUIREMENTS = {
    "": "requirements.txt",
    "postgresql": "requirements-embedded.txt",
    "tracing": "requirements-tracing.txt",
}
SINGLE = ("manage.py", "gunicorn.conf.py", *REQUIREMENTS.values(), "CHANGELOG.md")


def files_below(folder: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def archive(wheel: Path):
    with zipfile.ZipFile(wheel) as opened:
        yield opened


def test_it_has_every_file_of_the_packages_and_every_template_and_document(archive):
    expected = {name for package in PACKAGES for name in files_below(package)} - LEFT_OUT
    bundled = {*SINGLE, *(name for folder in BUNDLED for name in files_below(folder))}
    expected |= {f"callhooks_site/bundled/{name}" for name in bundled}
    names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert sorted(expected ^ names) == []
    assert "callhooks_site/static/callhooks/fonts/OFL.txt" in names
    assert any("/migrations/0001" in name for name in names)


def test_it_brings_the_licences_of_what_it_has_from_others(archive):
    licences = {name.partition("/licenses/")[2] for name in archive.namelist() if "/licenses/" in name}
    assert licences == {"LICENSE", "callhooks_site/static/callhooks/fonts/OFL.txt", "templates/icons/LICENSE"}


def test_it_needs_exactly_the_versions_that_are_pinned(archive):
    (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
    metadata = message_from_bytes(archive.read(name))
    wanted = {}
    for extra, file in REQUIREMENTS.items():
        for line in (ROOT / file).read_text().splitlines():
            if line and line[0].isalnum():
                pin = Requirement(line.removesuffix("\\"))
                wanted[pin.name, extra] = str(pin.specifier)
    found = {}
    for requirement in map(Requirement, metadata.get_all("Requires-Dist")):
        extra = next((name for name in REQUIREMENTS if name and f'extra == "{name}"' in str(requirement.marker)), "")
        found[requirement.name, extra] = str(requirement.specifier)
    assert found == wanted
    assert all(version.startswith("==") for version in found.values())
    assert metadata["Version"] == VERSION
