"""Links in the documents lead somewhere, and code that two documents show is the same in both."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"var", "staticfiles", "node_modules"}
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(
            path
            for folder in ROOT.iterdir()
            if folder.is_dir() and folder.name not in NOT_OURS and not folder.name.startswith(".")
            for path in folder.rglob("*.md")
        ),
    ]
)
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)

SNIPPETS = {
    "python": ("docs/verify/verify.py", "def verify("),
    "js": ("docs/verify/verify.mjs", "const same"),
    "php": ("docs/verify/verify.php", "/** True"),
}


def links(document: Path) -> list[str]:
    return LINK.findall(FENCE.sub("", document.read_text("utf-8")))


@lru_cache
def anchors(document: Path) -> set[str]:
    """The fragments of a document's headings, as the usual viewers make them."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: Path) -> list[str]:
    found = []
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = link.partition("#")
        target = (document.parent / unquote(path)).resolve() if path else document
        inside = target.is_relative_to(ROOT)
        if not inside or not target.exists() or (fragment and fragment not in anchors(target)):
            found.append(link)
    return found


def test_there_are_documents_with_links():
    names = {str(document.relative_to(ROOT)) for document in DOCUMENTS}
    assert {"README.md", "docs/design.md", "docs/verify/README.md"} <= names
    assert "docs/settings.md" in links(ROOT / "README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_links_lead_to_files_that_exist(document: Path):
    assert broken(document) == []


@pytest.mark.parametrize("language", SNIPPETS)
def test_the_readme_shows_the_code_that_is_tested(language: str):
    file, begins = SNIPPETS[language]
    blocks = dict(BLOCK.findall((ROOT / "README.md").read_text("utf-8")))
    shown = blocks[language][blocks[language].index(begins) :].strip()
    assert shown in (ROOT / file).read_text("utf-8")


def test_the_readme_imports_what_its_python_needs():
    blocks = dict(BLOCK.findall((ROOT / "README.md").read_text("utf-8")))
    asks = 'verify(b"{}", {"webhook-timestamp": str(int(time.time()))}, "key", "whsec_c2VjcmV0")'
    result = subprocess.run(
        [sys.executable, "-c", f"{blocks['python']}\nassert {asks} is False"], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
