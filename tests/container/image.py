"""The image: built from the Containerfile, inspected, and mounted as a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callhooks_site.devtools.state import PROJECT
from callhooks_site.version import VERSION
from tests.container.steps import run

NAME = "localhost/callhooks-test"


def build(base: str, secrets: list[str], *, fresh: bool) -> None:
    """Docker's format, as Docker builds it: the other one has no health check."""
    command = ["buildah", "build", "--isolation", "chroot", "--format", "docker", "--pull=never"]
    # Each layer that is kept for the next build costs a second.
    command += ["--no-cache", "--layers=false"] if fresh else ["--layers"]
    command += ["--build-arg", f"BASE={base}", "--build-arg", f"VERSION={VERSION}", *secrets]
    run([*command, "--file", "Containerfile", "--tag", NAME, "."], cwd=PROJECT)


def inspect() -> dict[str, Any]:
    """The image's `config`, in Docker's words, with `history`: what each layer was made by."""
    told = json.loads(run(["buildah", "inspect", "--type", "image", NAME]))
    found = told["Docker"]
    return {**found["config"], "history": found["history"]}


@contextmanager
def mounted() -> Iterator[Path]:
    """The folder that is the image's root."""
    container = run(["buildah", "from", "--pull=never", NAME]).strip()
    try:
        yield Path(run(["buildah", "mount", container]).strip())
    finally:
        run(["buildah", "rm", container])
