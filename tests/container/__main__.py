"""`./dev container`: see the package. Exits with 0 when all is well, and when this machine cannot do it, which it says
loudly; CONTAINER=required makes that a failure."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from callhooks_site.devtools.database import throw_away_server
from callhooks_site.devtools.state import PROJECT, DevError
from tests.container import base, contents, image, pip_settings
from tests.container.box import own_network
from tests.container.installation import Installation
from tests.container.steps import Failed, NotHere, say, step
from tests.tools import sbom

PROGRAMS = ("buildah", "debootstrap", "unshare", "setpriv", "chroot", "ip", "nginx")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev container", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="take neither the base of earlier today nor kept layers")
    fresh = parser.parse_args().fresh or "CI" in os.environ
    started = time.monotonic()
    log = PROJECT / "var" / "container"
    shutil.rmtree(log, ignore_errors=True)
    log.mkdir(parents=True)
    try:
        check_machine()
        # Not in the project: the service's user must get to its socket, whoever may enter the project.
        with tempfile.TemporaryDirectory(prefix="callhooks-container-", dir="/var/tmp") as work:
            Path(work).chmod(0o711)
            test(Path(work), log, fresh=fresh)
    except NotHere as reason:
        say(f"THE CONTAINER WAS NOT BUILT AND NOT RUN, AND NOTHING IS PROVED ABOUT IT: {reason}")
        return 1 if os.environ.get("CONTAINER") == "required" else 0
    except (Failed, DevError, AssertionError) as error:
        say(f"FAILED. Logs are in {log}.\n{error}")
        return 1
    say(f"The container is well ({time.monotonic() - started:.0f} s). Logs and the SBOM are in {log}.")
    return 0


def check_machine() -> None:
    if os.geteuid() != 0:
        raise NotHere("it needs root, for debootstrap and for a root file system of its own")
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise NotHere(f"there is no {', no '.join(missing)} (apt install buildah debootstrap iproute2 nginx)")


def test(work: Path, log: Path, *, fresh: bool) -> None:
    with step("base image"):
        made_of = base.make_base(work, fresh=fresh)
    options, values = pip_settings.write_secrets(work)
    with step("image"):
        image.build(made_of, options, fresh=fresh)
    config = image.inspect()
    with image.mounted() as root:
        with step("what is in it"):
            contents.check_config(config)
            contents.check_files(root)
            contents.check_no_secrets(root, config, values)
        with step("its bill of materials"):
            (log / "sbom.cdx.json").write_text(sbom.to_json(sbom.of_image(root)))
        image_env = dict(entry.split("=", 1) for entry in config["Env"])
        with throw_away_server("container") as server, own_network() as network:
            Installation(root, image_env, server, network, work, log).deliver_a_day()


if __name__ == "__main__":
    sys.exit(main())
