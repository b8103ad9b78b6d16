"""Which PostgreSQL `./dev` takes; the installations here are stand-ins that only know their version."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys

import pytest

from callhooks_site.devtools import pg_binaries
from callhooks_site.devtools.pg_binaries import Account, find_binaries
from callhooks_site.devtools.state import DevError

OURSELVES = Account(os.geteuid(), os.getegid(), changes=False)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine on which only what a test installs can be found."""
    folders = []
    monkeypatch.setattr(pg_binaries, "_machine_folders", lambda: iter(folders))

    def install(name, says, programs=("initdb", "pg_ctl", "postgres")):
        folder = tmp_path / name
        folder.mkdir()
        for program in programs:
            (folder / program).write_text(f"#!/bin/sh\n{says}\n")
            (folder / program).chmod(0o755)
        folders.append(folder)
        return folder

    return install


def test_the_newest_is_taken(machine, tmp_path):
    machine("14", "echo 'postgres (PostgreSQL) 14.11 (Debian 14.11-1)'")
    newest = machine("17", "echo 'postgres (PostgreSQL) 17.2'")
    machine("15", "echo 'postgres (PostgreSQL) 15.6'")

    assert find_binaries(tmp_path, OURSELVES).folder == newest


def test_data_is_served_by_the_version_that_made_it(machine, tmp_path):
    older = machine("15", "echo 'postgres (PostgreSQL) 15.6'")
    machine("17", "echo 'postgres (PostgreSQL) 17.2'")

    assert find_binaries(tmp_path, OURSELVES, major=15).folder == older


def test_what_is_too_old_incomplete_or_broken_does_not_count(machine, tmp_path):
    machine("13", "echo 'postgres (PostgreSQL) 13.9'")
    machine("client only", "echo 'postgres (PostgreSQL) 17.2'", programs=("postgres",))
    machine("wrapper", "echo 'Install postgresql-17 first' >&2; exit 1")
    usable = machine("14", "echo 'postgres (PostgreSQL) 14.0'")

    assert find_binaries(tmp_path, OURSELVES).folder == usable


def test_data_of_a_version_that_cannot_be_had_is_named(machine, tmp_path):
    machine("17", "echo 'postgres (PostgreSQL) 17.2'")

    with pytest.raises(DevError, match=r"made by PostgreSQL 12.*Install PostgreSQL 12 again, or delete"):
        find_binaries(tmp_path, OURSELVES, major=12)


def test_uv_installs_it_where_there_is_no_pip(monkeypatch):
    """The environments that `uv tool install` makes have none."""
    assert pg_binaries._installer()[1:4] == ["-m", "pip", "install"]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert pg_binaries._installer() == ["/bin/uv", "pip", "install", "--python", sys.executable]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DevError, match=r"neither pip in .* nor uv"):
        pg_binaries._installer()
