"""The script ./dev: which Python it takes, when it installs, and that it works from anywhere.

It runs here in a copy of its own, with a PATH that holds only stand-ins for Python and the tools it uses.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = ["sh", "cat", "cksum", "dirname", "mkdir", "mv", "readlink", "cp"]

# Says yes to every question, makes a .venv of itself, and notes what it was asked to install or to run.
WORKING = """#!/bin/sh
case "$1 $2" in
    "-m venv") mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    "-m pip")
        case "$*" in *install*)
            for last; do :; done
            echo "install $last" >>"$NOTES"
            exit "${PIP_EXIT:-0}" ;;
        esac ;;
    -m*) echo "run $*" >>"$NOTES" ;;
    "-c "*"version.split"*) echo "made with $0" >>"$NOTES" ;;
esac
"""
BROKEN_SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
TOO_OLD = '#!/bin/sh\ncase "$2" in *version_info*) exit 1 ;; esac\n'
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n'


class Clone:
    """A project folder with blanks in its name, and a PATH under our control."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "my clone"
        self.folder.mkdir()
        shutil.copy(PROJECT / "dev", self.folder / "dev")
        (self.folder / "requirements.txt").write_text("one==1\n")
        (self.folder / "requirements-dev.txt").write_text("two==2\n")
        self.notes_file = tmp_path / "notes"
        self.bins = [tmp_path / "first", tmp_path / "second", tmp_path / "tools"]
        for folder in self.bins:
            folder.mkdir()
        for tool in TOOLS:
            (self.bins[2] / tool).symlink_to(shutil.which(tool))

    def program(self, name: str, text: str, place: int = 0) -> None:
        path = self.bins[place] / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def dev(self, *arguments, script=None, cwd=None, **env) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(os.fspath(folder) for folder in self.bins)
        return subprocess.run(
            ["sh", os.fspath(script or self.folder / "dev"), *arguments],
            env={"PATH": path, "NOTES": os.fspath(self.notes_file), **env},
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def notes(self) -> list[str]:
        text = self.notes_file.read_text() if self.notes_file.exists() else ""
        self.notes_file.unlink(missing_ok=True)
        return text.splitlines()


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


def test_it_passes_over_pythons_that_do_not_work(clone):
    clone.program("python3.13", BROKEN_SHIM)
    clone.program("python3.12", WITHOUT_VENV)
    clone.program("python3.11", TOO_OLD)
    clone.program("python3", WORKING)

    done = clone.dev("run")

    assert done.returncode == 0, done.stderr
    assert f"made with {clone.bins[0] / 'python3'}" in clone.notes()


def test_a_broken_shim_does_not_hide_the_python_behind_it(clone):
    clone.program("python3", BROKEN_SHIM)
    clone.program("python3", WORKING, place=1)

    clone.dev("run")

    assert f"made with {clone.bins[1] / 'python3'}" in clone.notes()


def test_a_python_named_by_the_caller_comes_first(clone, tmp_path):
    clone.program("python3", WORKING)
    clone.program("mine", WORKING, place=1)

    clone.dev("run", PYTHON=os.fspath(clone.bins[1] / "mine"))

    assert f"made with {clone.bins[1] / 'mine'}" in clone.notes()


def test_without_a_python_it_says_what_to_do(clone):
    clone.program("python3", BROKEN_SHIM)

    done = clone.dev("run")

    assert done.returncode == 1
    assert "No Python 3.11 or newer" in done.stderr
    assert "apt install python3" in done.stderr


def test_it_installs_only_what_changed(clone):
    clone.program("python3", WORKING)
    clone.dev("run")
    assert "install requirements.txt" in clone.notes()

    clone.dev("run")
    assert clone.notes() == ["run -m callhooks_site.devtools.run"]

    (clone.folder / "requirements.txt").write_text("one==1.1\n")
    clone.dev("run")
    assert clone.notes() == ["install requirements.txt", "run -m callhooks_site.devtools.run"]


def test_a_failed_install_is_done_again(clone):
    clone.program("python3", WORKING)

    failed = clone.dev("run", PIP_EXIT="1")
    assert failed.returncode == 1
    assert "requirements.txt could not be installed" in failed.stderr
    assert not [note for note in clone.notes() if note.startswith("run")]

    clone.dev("run")
    assert clone.notes() == ["install requirements.txt", "run -m callhooks_site.devtools.run"]


@pytest.mark.parametrize(
    ("command", "installed"),
    [
        ("run", ["requirements.txt"]),
        ("migrate", ["requirements.txt"]),
        ("test", ["requirements.txt", "requirements-dev.txt", "requirements-tracing.txt"]),
        ("lint", ["requirements.txt", "requirements-dev.txt", "requirements-tracing.txt"]),
    ],
)
def test_only_tests_and_checks_install_what_they_alone_need(clone, command, installed):
    clone.program("python3", WORKING)

    clone.dev(command)

    assert [note.split()[1] for note in clone.notes() if note.startswith("install")] == installed


def test_a_venv_whose_python_is_gone_is_made_anew(clone):
    clone.program("python3", WORKING)
    clone.dev("run")
    (clone.folder / ".venv/bin/python").write_text(BROKEN_SHIM)
    clone.notes()

    done = clone.dev("run")

    assert done.returncode == 0, done.stderr
    assert clone.notes()[-1] == "run -m callhooks_site.devtools.run"


def test_it_works_from_another_folder_and_through_links(clone, tmp_path):
    clone.program("python3", WORKING)
    (tmp_path / "links").mkdir()
    (tmp_path / "links/one").symlink_to("two")
    (tmp_path / "links/two").symlink_to(clone.folder / "dev")

    done = clone.dev("shell", "-c", "print('a b')", script=tmp_path / "links/one", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert clone.notes()[-1] == "run -m callhooks_site.devtools.manage shell -c print('a b')"
    assert (clone.folder / ".venv").is_dir()


def test_help_needs_no_python(clone):
    done = clone.dev()

    assert done.returncode == 0
    assert "./dev run" in done.stdout
