"""Runs a service out of the mounted image as an engine would: in a network and a process tree of its own, not as root,
without capabilities, with a root that is read-only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.container.composed import Service
from tests.container.contents import USER
from tests.container.steps import Failed, require, run

STOP_SECONDS = 60.0
# In the order of an engine: the root, what is written into memory, what the kernel offers; then root is given up.
# The database's socket lies in the service's /tmp, since the root has no folder for it.
ENTER = r"""
set -eu
mount --bind "$BOX_ROOT" "$BOX_ROOT"
[ "$BOX_READ_ONLY" = no ] || mount -o remount,bind,ro "$BOX_ROOT"
mount -t tmpfs -o "nosuid,nodev,noexec,$BOX_TMP" tmpfs "$BOX_ROOT/tmp"
mount -t proc proc "$BOX_ROOT/proc"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$BOX_ROOT/dev"
for name in null zero full random urandom; do
    touch "$BOX_ROOT/dev/$name" && mount --bind "/dev/$name" "$BOX_ROOT/dev/$name"
done
mkdir -m 1777 "$BOX_ROOT/dev/shm" "$BOX_ROOT/tmp/postgresql"
mount -t tmpfs -o nosuid,nodev,mode=1777,size=64m tmpfs "$BOX_ROOT/dev/shm"
mount --bind "$BOX_SOCKETS" "$BOX_ROOT/tmp/postgresql"
exec chroot "$BOX_ROOT" setpriv --reuid "$BOX_OWNER" --regid "$BOX_OWNER" --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all -- "$@"
"""


@dataclass(frozen=True)
class Box:
    """`network`: the name of a network namespace; `sockets`: the folder with PostgreSQL's socket."""

    root: Path
    network: str
    sockets: Path
    log: Path

    def start(self, name: str, service: Service, env: Mapping[str, str], command: list[str] | None = None) -> Running:
        """`command`: another one than the service's. `env`: what the image itself sets, and what is changed here."""
        require(service.read_only and list(service.tmpfs) == ["/tmp"], f"{name} can write elsewhere than in /tmp.")
        place = {
            "BOX_ROOT": os.fspath(self.root),
            "BOX_READ_ONLY": "yes" if service.read_only else "no",
            "BOX_TMP": service.tmpfs["/tmp"],
            "BOX_SOCKETS": os.fspath(self.sockets),
            "BOX_OWNER": USER.partition(":")[0],
        }
        enter = ["ip", "netns", "exec", self.network, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--"]
        program = command or ["callhooks", *service.command]
        with (self.log / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*enter, "sh", "-c", ENTER, "sh", *program],
                env={**service.env, **env, **place, "PATH": f"{env['PATH']}:/usr/sbin:/sbin"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return Running(name, process, self.log / f"{name}.log")


@dataclass
class Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds:g} s:\n{self.last_lines()}") from None

    def stop(self) -> int:
        """SIGTERM to the container's first process, as an engine stops it; its exit code."""
        (first,) = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGTERM)
        return self.wait(STOP_SECONDS)

    def alive(self) -> bool:
        """Raises Failed if it has ended."""
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.last_lines()}")
        return True

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def own_network() -> Iterator[str]:
    """A network namespace with nothing but its loopback: the ports are those of compose.yaml, and nobody sees them."""
    name = f"callhooks-{os.getpid()}"
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        yield name
    finally:
        run(["ip", "netns", "delete", name])
