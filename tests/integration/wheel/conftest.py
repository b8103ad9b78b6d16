"""The wheel, built once, and a new environment that it is installed in."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]


@dataclass
class Installed:
    """The environment in `folder`. It takes the packages that the wheel needs from the tests' own environment."""

    folder: Path
    program: Path

    def run(self, *arguments: str, env: dict[str, str], code: int = 0) -> str:
        """What it printed. Runs in a folder with nothing in it, so that only the wheel's code can be found."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        done = subprocess.run([self.program, *arguments], cwd=empty, env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT], check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [*PIP[:3], "--python", os.fspath(python), *PIP[3:]]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--no-compile", wheel], check=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "of_the_tests.pth").write_text(sysconfig.get_path("purelib"))
    return Installed(folder, folder / "bin" / "callhooks")
