"""What the image must have, and what must not be in it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from callhooks_site.version import VERSION
from tests.container.steps import require

USER = "10001:10001"
COMPILERS = ("gcc", "cc", "c++", "g++", "make", "ld", "rustc", "pip", "pip3")
# The words of settings whose values must be in no layer.
SECRET_SETTINGS = ("SECRET_KEY=", "FIELD_ENCRYPTION_KEYS=", "DATABASE_URL=", "EMAIL_URL=", "PIP_")
LARGEST_MIB = 450  # 390 today, half of them Debian


def check_config(config: dict[str, Any]) -> None:
    require(config["User"] == USER, f"It runs as {config['User']!r}, not as {USER}.")
    require(config["Entrypoint"] == ["callhooks"], f"Its entry point is {config['Entrypoint']}.")
    require(config["Cmd"][0] == "web", f"Without a command it runs {config['Cmd']}.")
    require(config["StopSignal"] == "SIGTERM", f"It is stopped by {config['StopSignal']}.")
    # A list, not one string: a shell in between would keep the signals.
    require(config["Healthcheck"]["Test"][:2] == ["CMD", "callhooks"], f"Health check: {config['Healthcheck']}")
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    require(labels.get("version") == VERSION, f"Its label says version {labels.get('version')}.")
    require({"title", "description", "licenses", "revision"} <= set(labels), f"Labels: {sorted(labels)}")
    shown = [entry for entry in config["Env"] if entry.startswith(SECRET_SETTINGS)]
    require(not shown, f"Its environment has {shown}.")


def check_files(root: Path) -> None:
    found = [f"{folder}/{name}" for folder in ("usr/bin", "usr/local/bin", "opt/callhooks/bin") for name in COMPILERS
             if (root / folder / name).exists()]  # fmt: skip
    require(not found, f"The last stage has {found}.")
    gone = [name for name in ("source", "wheel", "builder", "etc/pip.conf", "etc/pip.pem") if (root / name).exists()]
    require(not gone, f"The first stage left {gone}.")
    (packages,) = root.glob("opt/callhooks/lib/python3*/site-packages")
    require(not (packages / "tests").exists(), "The tests are in it.")
    require((packages / "callhooks_site/bundled/docs/guide.md").exists(), "The guide is missing.")
    collected = root / "opt/callhooks/share/callhooks/staticfiles"
    require((collected / "staticfiles.json").exists(), "The static files are not collected.")
    writable = [str(path) for path in (root / "opt").rglob("*") if _writable_by_the_service(path)]
    require(not writable, f"The service could change {writable[:5]}.")
    size = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_symlink()) / 1024**2
    require(size < LARGEST_MIB, f"The image's files are {size:.0f} MiB.")


def check_no_secrets(root: Path, config: dict[str, Any], values: list[str]) -> None:
    """`values`: what pip was told on this machine."""
    history = json.dumps(config)
    shown = [name for name in SECRET_SETTINGS[:2] if f"{name}=" in history.replace(f'{name}"$(', "")]
    require(not shown, f"The history has a value of {shown}.")
    hidden = [value.encode() for value in values]
    for path in (root / "opt/callhooks").rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            require(not any(value in content for value in hidden), f"{path} has a setting of pip's.")
    require(not any(value in history for value in values), "The image's history has a setting of pip's.")


def _writable_by_the_service(path: Path) -> bool:
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return False
    return about.st_uid != 0 or bool(about.st_mode & stat.S_IWOTH) or not os.access(path, os.R_OK)
