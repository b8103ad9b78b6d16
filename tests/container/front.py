"""Debian's nginx with the configuration that compose.yaml gives to nginx's image."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from callhooks_site.devtools.state import PROJECT
from tests.container.box import Running
from tests.container.composed import Service, fill_in
from tests.container.steps import run

NOBODY = 65534
PORT = 8443  # of the template


def start(service: Service, certificate: Path, network: str, work: Path, log: Path) -> Running:
    """`certificate`: a file with key and certificate. It runs as nobody, like the image not as root."""
    folder = work / "nginx"
    folder.mkdir()
    templates = PROJECT / "deploy/container"
    # What the image does: put the service's environment into the template, and no other dollar.
    site = (templates / "callhooks.conf.template").read_text()
    # No engine resolves the name `web` here.
    env = {**service.env, "WEB_ADDRESS": service.env["WEB_ADDRESS"].replace("web:", "127.0.0.1:")}
    for name in env:
        site = site.replace(f"${{{name}}}", fill_in(f"${{{name}}}", env))
    # An engine gives a service that is not root an output that it may open; here it is a file of root's.
    inside = {"/tmp/": f"{folder}/", "/etc/nginx/tls/": f"{folder}/", "/dev/stdout": f"{folder}/access.log"}
    inside |= {path: os.fspath(outside) for path, outside in service.volumes.items() if path.endswith("_proxy.conf")}
    for name, text in {"callhooks.conf": site, "nginx.conf": (templates / "nginx.conf").read_text()}.items():
        for there, here in inside.items():
            text = text.replace(there, here)
        (folder / name).write_text(text)
    for name in ("fullchain.pem", "privkey.pem"):
        shutil.copy(certificate, folder / name)
    shutil.copy(PROJECT / "deploy/nginx/callhooks_proxy.conf", folder / "callhooks_proxy.conf")
    for path in [folder, *folder.iterdir()]:
        os.chown(path, NOBODY, NOBODY)
    as_nobody = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--"]
    command: list[Any] = ["ip", "netns", "exec", network, *as_nobody, "nginx", "-c", folder / "nginx.conf"]
    run([*command, "-t"])
    with (log / "nginx.log").open("ab") as output:
        process = subprocess.Popen([*command, "-g", "daemon off;"], stdout=output, stderr=output)
    return Running("nginx", process, log / "nginx.log")
