"""A base image as Debian's own, made by debootstrap from the sources of this machine: no registry of images is needed.

Nothing of these sources is written into the repository; they are in the base image, which is only for this test."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

from tests.container.steps import Failed, NotHere, run

NAME = "localhost/callhooks-test-base"
TARGET = "$(REPO_URI) $(CODENAME) $(COMPONENT)"


def make_base(work: Path, *, fresh: bool) -> str:
    """The image's name. One of today is taken again unless `fresh`. Raises NotHere if this machine cannot make one."""
    codename, sources = read_sources()
    name = f"{NAME}:{codename}-{dt.datetime.now(dt.UTC):%Y%m%d}"
    if not fresh and subprocess.run(["buildah", "inspect", name], capture_output=True, check=False).returncode == 0:
        return name
    root = work / "base"
    mirror = next(uri for uri, suite, _ in sources if suite == codename)
    try:
        run(["debootstrap", "--variant=minbase", codename, root, mirror])
        lines = [f"deb {uri} {suite} {component}\n" for uri, suite, component in sources]
        (root / "etc/apt/sources.list").write_text("".join(lines))
        container = run(["buildah", "from", "scratch"]).strip()
        try:
            run(["buildah", "add", "--quiet", container, root, "/"])
            run(["buildah", "commit", "--quiet", container, name])
        finally:
            run(["buildah", "rm", container])
    except Failed as error:
        raise NotHere(f"no base image can be made: {error}") from None
    finally:
        run(["rm", "-rf", root])
    return name


def read_sources() -> tuple[str, list[tuple[str, str, str]]]:
    """The codename of this machine's Debian or Ubuntu, and its own sources: address, suite, component. Raises
    NotHere."""
    try:
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        codename = release["VERSION_CODENAME"].strip('"')
        known = run(["apt-get", "indextargets", "--format", TARGET, "Created-By: Packages"]).splitlines()
    except (OSError, KeyError, Failed) as error:
        raise NotHere(f"this is no Debian or Ubuntu whose sources can be read: {error}") from None
    found = []
    for line in dict.fromkeys(known):
        uri, suite, component = line.split()
        if (suite == codename or suite.startswith(f"{codename}-")) and component in ("main", "universe"):
            found.append((uri, suite, component))
    if not any(suite == codename for _, suite, _ in found):
        raise NotHere(f"apt knows no source of {codename}; run apt-get update first")
    return codename, found
