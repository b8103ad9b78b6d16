"""The bill of materials: what it lists, and that it is CycloneDX."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6

from callhooks_site.version import VERSION
from tests.tools import sbom

ROOT = Path(__file__).resolve().parents[2]
DPKG = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.41-12
Description: GNU C Library

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The root of an image with one package of each kind."""
    info = tmp_path / "opt/callhooks/lib/python3.13/site-packages/Some_Thing-1.2.dist-info"
    for folder in (info, tmp_path / "etc", tmp_path / "var/lib/dpkg"):
        folder.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: Some_Thing\nVersion: 1.2\nLicense-Expression: MIT\n")
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_ID="13"\n')
    (tmp_path / "var/lib/dpkg/status").write_text(DPKG)
    return tmp_path


def pinned(file: str) -> set[str]:
    pins = re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)(?! ; .*(?:win32|'3\.11))", (ROOT / file).read_text(), re.M)
    return {f"pkg:pypi/{name}@{version}" for name, version in pins if name not in ("async-timeout",)}


def test_the_wheels_names_what_is_pinned():
    told = json.loads(sbom.to_json(sbom.of_wheel()))
    always, traces = pinned("requirements.txt"), pinned("requirements-tracing.txt")
    assert {part["purl"] for part in told["components"]} == always | traces
    assert {part["purl"] for part in told["components"] if part.get("scope") == "optional"} == traces - always
    assert "pkg:pypi/opentelemetry-sdk" in {purl.partition("@")[0] for purl in traces - always}
    assert told["metadata"]["component"]["version"] == VERSION
    assert all(part["licenses"] for part in told["components"])


def test_an_images_names_its_packages_of_both_kinds(image):
    told = json.loads(sbom.to_json(sbom.of_image(image)))
    assert [part["purl"] for part in told["components"]] == [
        "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13",
        "pkg:pypi/some-thing@1.2",
    ]


def test_a_folder_that_is_no_image_is_refused(image):
    (image / "var/lib/dpkg/status").write_text("")
    with pytest.raises(ValueError, match="is no image of Callhooks: 1 Python packages, 0 of Debian"):
        sbom.of_image(image)


def test_what_is_no_cyclonedx_is_refused(monkeypatch):
    monkeypatch.setattr(JsonV1Dot6, "output_as_string", lambda *_, **__: '{"bomFormat": "something"}')
    with pytest.raises(ValueError, match="invalid"):
        sbom.to_json(Bom())
