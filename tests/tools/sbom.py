"""`./dev sbom [FOLDER]`: a bill of materials in CycloneDX's JSON, of the wheel with what it needs, or of an image whose
root is FOLDER: its Python packages and Debian's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from callhooks_site.version import NAME, VERSION
from tests.tools.licences import packages, packages_for_traces

_LICENCES = LicenseFactory()


def of_wheel() -> Bom:
    """What `pip install` of the wheel brings, as requirements.txt pins it, and what its extra for traces does."""
    pinned = [_python(*package) for package in packages()]
    for package in packages_for_traces():
        pinned.append(_python(*package))
        pinned[-1].scope = ComponentScope.OPTIONAL
    return _bom(ComponentType.APPLICATION, pinned)


def of_image(root: Path) -> Bom:
    """What is installed below `root`, whatever should be. Raises ValueError if one of the two kinds is missing."""
    python, debian = list(_installed_python(root)), list(_installed_debian(root))
    if not python or not debian:
        raise ValueError(f"{root} is no image of Callhooks: {len(python)} Python packages, {len(debian)} of Debian")
    return _bom(ComponentType.CONTAINER, [*python, *debian])


def to_json(bom: Bom) -> str:
    """Raises ValueError if it is not what CycloneDX's schema wants."""
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"The bill of materials is invalid: {str(wrong)[:500]}")
    return text


def _bom(kind: ComponentType, parts: list[Component]) -> Bom:
    bom = Bom(components=parts)
    bom.metadata.component = Component(name=NAME, version=VERSION, type=kind, licenses=[_licence("MIT")])
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def _installed_python(root: Path) -> Iterator[Component]:
    for folder in root.glob("opt/callhooks/lib/python3*/site-packages"):
        for found in distributions(path=[str(folder)]):
            yield _python(found.metadata["Name"], found.version, found.metadata["License-Expression"] or "")


def _installed_debian(root: Path) -> Iterator[Component]:
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', (root / "etc/os-release").read_text(), re.MULTILINE))
    for paragraph in (root / "var/lib/dpkg/status").read_text().split("\n\n"):
        about = dict(re.findall(r"^(Package|Status|Version|Architecture): (.*)$", paragraph, re.MULTILINE))
        if about.get("Status", "").endswith(" installed"):
            qualifiers = {"arch": about["Architecture"], "distro": f"{release['ID']}-{release['VERSION_ID']}"}
            purl = PackageURL("deb", release["ID"], about["Package"], about["Version"], qualifiers)
            yield _component(purl, "")


def _python(name: str, version: str, licence: str) -> Component:
    return _component(PackageURL("pypi", None, re.sub(r"[-_.]+", "-", name).lower(), version), licence)


def _component(purl: PackageURL, licence: str) -> Component:
    known = [_licence(licence)] if licence else []
    return Component(name=purl.name, version=purl.version, purl=purl, bom_ref=purl.to_string(), licenses=known)


def _licence(words: str) -> License:
    return _LICENCES.make_from_string(words)


if __name__ == "__main__":
    sys.stdout.write(to_json(of_image(Path(sys.argv[1])) if sys.argv[1:] else of_wheel()))
