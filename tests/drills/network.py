"""A network of its own for a drill: hosts as network namespaces on a bridge, each with a name, an address and a clock.

All of it is in namespaces of this process. They end with it, however it ends, and nothing of them is seen outside.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callhooks_site.devtools.state import DevError

CLONE_NEWNS, CLONE_NEWNET = 0x0002_0000, 0x4000_0000
BRIDGE = "hub"
NETWORK = "10.77.0"
NAMES = Path("/run/netns")
NEEDS = "Hosts of their own need root, Linux, and the programs ip, nsenter and unshare (Debian: iproute2, util-linux)."


def why_impossible() -> str:
    """Empty where such a network can be made; else what is missing, in words."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nsenter", "unshare", "hostname"))):
        return NEEDS
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--uts", "true"], capture_output=True, text=True, check=False
    )
    return f"{NEEDS} Here: {tried.stderr.strip()}" if tried.returncode else ""


def leave_the_machine() -> None:
    """Give this process a network and mounts of its own, with a bridge. Call it before there are threads. Raises
    DevError."""
    if why := why_impossible():
        raise DevError(why)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET):
        raise DevError(f"{NEEDS} Here: {os.strerror(ctypes.get_errno())}")
    _run("mount", "--make-rprivate", "/")
    NAMES.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "drill", os.fspath(NAMES))
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    _run("ip", "addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")


@dataclass(frozen=True)
class Host:
    """`clock`: how many seconds the wall clock of its processes is ahead."""

    name: str
    number: int
    clock: int = 0

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number}"

    @property
    def prefix(self) -> list[str]:
        """What runs a command on this host."""
        enter = ["nsenter", f"--net={NAMES / self.name}", "unshare", "--uts"]
        return [*enter, "sh", "-c", 'hostname "$0" && exec "$@"', self.name]

    def prefix_as(self, uid: int, gid: int) -> list[str]:
        return [*self.prefix, "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--"]

    def connect(self) -> None:
        """Make the host, and plug it in."""
        inside = ["ip", "-n", self.name]
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self._plug, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _run(*inside, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run(*inside, "link", "set", device, "up")
        _run("ip", "link", "set", self._plug, "up")
        self.plug_in()

    def plug_in(self) -> None:
        _run("ip", "link", "set", self._plug, "master", BRIDGE)

    def cut_off(self) -> None:
        """From now on nothing arrives from it or at it, and nobody is told: as if a switch had died."""
        _run("ip", "link", "set", self._plug, "nomaster")

    @property
    def _plug(self) -> str:
        return f"to-{self.name}"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevError(f"{' '.join(command)} failed: {done.stderr.strip()}")
