"""What pip needs on this machine to reach its index, as two files that the build sees and the image does not keep."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

from tests.container.steps import run

KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")
CERTIFICATE_INSIDE = "/etc/pip.pem"  # where the Containerfile mounts it


def write_secrets(folder: Path) -> tuple[list[str], list[str]]:
    """Options for `buildah build`, and the values that must be in no layer. The files are for their owner only."""
    found: dict[str, str] = {}
    for line in run([sys.executable, "-m", "pip", "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = str(ast.literal_eval(value))  # those of the environment come last
    settings = {name: _reachable(value) for name, value in found.items() if name in KEPT and _reachable(value)}
    secrets = []
    if certificate := found.get("cert"):
        settings["cert"] = CERTIFICATE_INSIDE
        secrets.append(_write(folder / "pip.pem", Path(certificate).read_text()))
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    secrets.append(_write(folder / "pip.conf", "".join(["[global]\n", *lines])))
    options = [f"--secret=id=pip_{path.suffix[1:].replace('pem', 'cert')},src={path}" for path in secrets]
    return options, [value for name, value in settings.items() if name not in ("cert", "timeout", "default-timeout")]


def _reachable(value: str) -> str:
    """Without the folders of this machine, which the build does not see."""
    return " ".join(part for part in value.split() if not part.startswith(("file:", "/")))


def _write(path: Path, text: str) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path
