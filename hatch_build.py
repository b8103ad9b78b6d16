"""What the wheel needs, from the pinned requirement files: those who install it get the versions that were tested.

A requirement in a wheel cannot carry hashes. To have them checked too, install requirements.txt first; see
docs/deployment.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# Lines that begin with a name; their hashes and comments are indented below them.
PINNED = re.compile(r"^(?P<requirement>[a-z0-9][^ ]*==[^\\]+?) *\\?$", re.MULTILINE)


class PinnedRequirements(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        metadata["dependencies"] = pinned(root / "requirements.txt")
        metadata["optional-dependencies"] = {
            "postgresql": pinned(root / "requirements-embedded.txt"),
            "tracing": pinned(root / "requirements-tracing.txt"),
        }


def pinned(file: Path) -> list[str]:
    """Its requirements with their markers. Raises ValueError if there are none: then its format has changed."""
    found = PINNED.findall(file.read_text("utf-8"))
    if not found:
        raise ValueError(f"{file} pins nothing that can be read")
    return found
