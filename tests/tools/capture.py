"""Make the capture script small, with terser out of tests/node/capture."""

from __future__ import annotations

import shutil
import subprocess

from callhooks_site.devtools.state import PROJECT

HERE = PROJECT / "tests" / "node" / "capture"
# Names of our own objects' properties, which nothing outside the script sees and nothing stores.
OWN = "regex=/^(taken|shown|marked|waits|values)$/"
OPTIONS = ["--compress", "passes=3,unsafe_arrows=true,ecma=2019", "--mangle", "--mangle-props", OWN]


def minify(source: str) -> str:
    """Needs node with npm, and fetches terser once. Raises CalledProcessError."""
    folder = PROJECT / "var" / "capture"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    command = [str(folder / "node_modules" / ".bin" / "terser"), *OPTIONS]
    return subprocess.run(command, input=source, check=True, capture_output=True, text=True).stdout
