"""compose.yaml, read as far as this test needs it: what a service runs, with which environment and which limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from callhooks_site.devtools.state import PROJECT

FILE = PROJECT / "compose.yaml"
# ${NAME}, ${NAME:-default}, ${NAME:?what to do}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<words>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    command: list[str]
    env: dict[str, str]
    read_only: bool
    tmpfs: dict[str, str]  # folder: options of mount
    volumes: dict[str, Path]  # inside: outside
    health: list[str]


def read(values: Mapping[str, str], file: Path = FILE) -> dict[str, Service]:
    """The services by name. `values`: what `.env` holds. Raises ValueError for a variable that it must hold."""
    found = yaml.safe_load(file.read_text())
    return {name: _service(spec, values) for name, spec in found["services"].items()}


def _service(spec: dict[str, Any], values: Mapping[str, str]) -> Service:
    written = {name: fill_in(str(value), values) for name, value in spec.get("environment", {}).items()}
    volumes = (volume.split(":")[:2] for volume in spec.get("volumes", []))
    return Service(
        command=spec.get("command", []),
        env={**(values if "env_file" in spec else {}), **written},
        read_only=spec.get("read_only", False),
        tmpfs=dict(folder.split(":") for folder in spec.get("tmpfs", [])),
        volumes={inside: PROJECT / outside for outside, inside in volumes},
        health=spec.get("healthcheck", {}).get("test", []),
    )


def fill_in(text: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, kind, words = match["name"], match["kind"], match["words"]
        if found := values.get(name):
            return found
        if kind == "?":
            raise ValueError(f"{name}: {words}")
        return words or ""

    return VARIABLE.sub(value, text)
