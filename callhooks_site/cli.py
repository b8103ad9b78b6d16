"""The command `callhooks` of an installed wheel. Each command imports only what it needs."""

from __future__ import annotations

import os
import sys

from callhooks_site import installation
from callhooks_site.version import NAME, VERSION

USAGE = f"""\
{NAME} {VERSION}

Try it:
  callhooks run            start everything: PostgreSQL, web server, cluster and demo receiver; Ctrl-C stops them
  callhooks demo           while run runs: send an ordinary day through the API (callhooks demo --help for more)
  callhooks listen         bring events to a server of yours: --forward http://127.0.0.1:3000/hooks
  callhooks dev COMMAND    one of the commands below with the database and the settings of run: callhooks dev shell

In production, with settings from the environment:
  callhooks web ...        the web server; the options are gunicorn's: --bind 127.0.0.1:8000 --workers 3
  callhooks check_web      exit code 0 if the web server on this machine answers (callhooks check_web 8000)
  callhooks cluster        the workers that deliver
  callhooks COMMAND ...    migrate, createsuperuser, check, health and more; callhooks help lists them

WEB_PORT (8000) and RECEIVER_PORT (8001) change the ports of run; DATABASE_URL names your own PostgreSQL.
run keeps its data and logs in {{home}}.
The docs, the systemd units and nginx's configuration are in {{files}}.
"""
DEVELOPMENT = ("run", "demo", "listen", "dev")


def main() -> int:
    """The exit code. `web` does not return, and Django's commands exit themselves when they fail."""
    command, arguments = (sys.argv[1:2] or ["--help"])[0], sys.argv[2:]
    if command in ("-h", "--help"):
        sys.stdout.write(USAGE.format(home=installation.development_home(), files=installation.ROOT))
        return 0
    if command == "--version":
        sys.stdout.write(f"{VERSION}\n")
        return 0
    if command == "web":
        become_gunicorn(arguments)
    if command == "check_web":
        from callhooks_site import check_web

        return check_web.main(arguments)
    if command in DEVELOPMENT:
        return develop(command, arguments)
    return manage()


def become_gunicorn(arguments: list[str]) -> None:
    """Replace this process, so that signals reach gunicorn and nobody stands in between."""
    config = os.fspath(installation.ROOT / "gunicorn.conf.py")
    gunicorn = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application", "--config", config]
    os.execv(sys.executable, [*gunicorn, *arguments])


def develop(command: str, arguments: list[str]) -> int:
    # The demo's company and the demo itself take the folder from here.
    os.environ.setdefault("CALLHOOKS_VAR", os.fspath(installation.development_home()))
    if command == "run":
        from callhooks_site.devtools import run

        return run.main()
    if command == "demo":
        from callhooks_site.devtools.demo.__main__ import main as send_day

        return send_day(arguments)
    if command == "listen":
        from callhooks_site.devtools import listen

        return listen.main(arguments)
    from callhooks_site.devtools import manage

    return manage.main(arguments)


def manage() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callhooks_site.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a setting, with what to do; where in the code it was read helps nobody
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
