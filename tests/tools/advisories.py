"""Known advisories about the pinned packages, asked of PyPI through pip-audit: a step of `./dev lint`.

Where nothing could be audited, nothing is proved. With ADVISORIES=required (as the workflow on GitHub sets it) the step
then fails; without, it passes and says so in a frame that cannot be missed: a build machine may have no way out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from callhooks_site.devtools.state import PROJECT

SECONDS = 60
COMMAND = [
    sys.executable, "-m", "pip_audit", "--requirement", "requirements.txt", "--require-hashes", "--disable-pip",
    "--format", "json", "--progress-spinner", "off", "--timeout", "5",
]  # fmt: skip


@dataclass(frozen=True)
class Audit:
    """What pip-audit said: advisories as `package version: id, fixed in …`, and how many packages it knew."""

    advisories: list[str]
    audited: int
    asked: int

    @classmethod
    def read(cls, output: str) -> Audit | None:
        """None when it is no report: the service did not answer."""
        try:
            report = json.loads(output)["dependencies"]
        except (ValueError, KeyError, TypeError):
            return None
        known = [each for each in report if "skip_reason" not in each]
        advisories = [
            f"{each['name']} {each['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'none'}"
            for each in known
            for found in each["vulns"]
        ]
        return cls(advisories, len(known), len(report))


NOTHING_AUDITED = """\
################################################################################
#  NO PACKAGE WAS AUDITED: the service that knows the advisories could not be  #
#  reached, or knows none of the packages. Nothing is proved about them.       #
#  ADVISORIES=required makes this a failure.                                   #
################################################################################"""


def verdict(audit: Audit | None, *, required: bool = False) -> tuple[int, str]:
    """The exit code and the words. `required`: that nothing could be audited is a failure."""
    if audit is None or not audit.audited:
        return (1 if required else 0), NOTHING_AUDITED
    words = [
        *audit.advisories,
        f"{audit.audited} of {audit.asked} packages audited, {len(audit.advisories)} advisories.",
    ]
    return (1 if audit.advisories else 0), "\n".join(words)


def main() -> int:
    try:
        done = subprocess.run(COMMAND, cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        audit = None
    else:
        audit = Audit.read(done.stdout)
    code, words = verdict(audit, required=os.environ.get("ADVISORIES", "").strip().lower() == "required")
    sys.stdout.write(f"{words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
