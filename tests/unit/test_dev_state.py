"""The state folder and the secrets that belong to its data."""

from __future__ import annotations

import os
import stat

import pytest
from cryptography.fernet import Fernet

from callhooks_site.devtools.state import (
    DevError,
    environment,
    holds_socket,
    kept_secrets,
    make_state_folder,
    state_folder,
)


def test_secrets_are_made_once_and_kept(tmp_path):
    first = kept_secrets(tmp_path)

    assert kept_secrets(tmp_path) == first
    assert len(first["SECRET_KEY"]) >= 50
    Fernet(first["FIELD_ENCRYPTION_KEYS"])  # raises if it is no key
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600


def test_data_without_its_secrets_is_not_opened_with_new_ones(tmp_path):
    (tmp_path / "pg" / "data").mkdir(parents=True)

    with pytest.raises(DevError, match=r"secrets\.env is missing"):
        kept_secrets(tmp_path)

    assert not (tmp_path / "secrets.env").exists()


def test_what_the_environment_says_wins(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "mine")
    monkeypatch.setenv("DEBUG", "false")
    monkeypatch.setenv("WEB_PORT", "8100")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)

    made = environment("postgres://here", {"SECRET_KEY": "made", "FIELD_ENCRYPTION_KEYS": "made"})

    assert (made["SECRET_KEY"], made["DEBUG"]) == ("mine", "false")
    assert made["PUBLIC_URL"] == "http://127.0.0.1:8100"
    assert made["DATABASE_URL"] == "postgres://here"


def test_two_clones_and_two_purposes_have_folders_of_their_own(tmp_path):
    folders = {state_folder(purpose, tmp_path / clone) for clone in ("one", "two") for purpose in ("run", "test-1")}

    assert len(folders) == 4


def test_a_project_too_deep_for_a_socket_keeps_its_data_elsewhere(tmp_path):
    deep = tmp_path / ("a" * 60) / ("b" * 60)

    assert not holds_socket(deep)
    assert holds_socket(state_folder("run", deep))


def test_a_state_folder_is_nobody_elses_to_read(tmp_path):
    folder = tmp_path / "state"
    make_state_folder(folder)
    make_state_folder(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_a_folder_that_somebody_laid_in_the_way_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "theirs")

    with pytest.raises(DevError, match="belongs to another user"):
        make_state_folder(tmp_path / "state")
