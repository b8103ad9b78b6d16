"""The wheel in an environment of its own: Django's checks, static files, the guide, the web server, what it says.

Collected files and deliveries are looked at in the container, which installs the same wheel (`./dev container`)."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest

from tests.crash.cluster import environment
from tests.support.waiting import PATIENCE, wait_until

from .conftest import Installed

# One process, for starting Django is what takes time.
LOOK = """
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from callhooks_site.guide import books
from subscriptions.admin.verification import snippets
call_command("check")
print("snippets", len(snippets()))
print("font", bool(finders.find("callhooks/fonts/inter-latin-opsz-normal.woff2")))
client = Client(headers={"Host": "127.0.0.1"})
user = User.objects.create_superuser("operator@example.com")
try:
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    for book in books.BOOKS:
        print("page", book.name, client.get(reverse("admin:guide_page", args=[book.name])).status_code)
    print("picture", client.get(reverse("admin:guide_picture", args=["home.png"])).status_code)
finally:
    user.delete()
"""


@pytest.fixture
def env(django_db_setup, tmp_path) -> dict[str, str]:
    """Of development, as `callhooks run` sets it: the files need not be collected."""
    return {**environment(DEBUG="true", PUBLIC_URL="http://127.0.0.1"), "HOME": os.fspath(tmp_path)}


@pytest.mark.long(
    short="tests/integration/wheel/test_wheel_runs.py::test_it_says_what_it_can_do_and_where_it_keeps_its_data"
)
def test_djangos_checks_pass_and_the_guide_shows_every_page(installed: Installed, env):
    said = installed.run("shell", "--verbosity", "0", "--command", LOOK, env=env)
    assert "no issues" in said
    assert "font True" in said
    assert "snippets 4" in said
    pages = re.findall(r"^(page \S+|picture) (\d+)$", said, re.MULTILINE)
    assert len(pages) > 12
    assert {status for _, status in pages} == {"200"}, said


@pytest.mark.long(
    short="tests/integration/wheel/test_wheel_runs.py::test_it_says_what_it_can_do_and_where_it_keeps_its_data"
)
def test_its_web_server_answers_and_stops_at_sigterm(installed: Installed, env):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1"]
    web = subprocess.Popen([installed.program, "web", *options], env=env, cwd="/", stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: accepts(port))
        page = get(port, "/admin/login/").decode()
        assert '"database": "ok"' in installed.run("check_web", str(port), env=env)
        styles = re.findall(r'href="(/static/[^"]+\.css)"', page)
        assert len(styles) > 3
        assert get(port, styles[0])
    finally:
        web.send_signal(signal.SIGTERM)
        code = web.wait(120)
    assert code == 0
    assert "Nothing answers" in installed.run("check_web", str(port), env=env, code=1)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return answer.read()


def test_it_says_what_it_can_do_and_where_it_keeps_its_data(installed, tmp_path):
    env = {"PATH": os.environ["PATH"], "HOME": os.fspath(tmp_path)}
    assert f"{tmp_path}/.local/state/callhooks." in installed.run(env=env)
    elsewhere = tmp_path / "elsewhere"
    assert f"{elsewhere}/callhooks." in installed.run("--help", env={**env, "XDG_STATE_HOME": os.fspath(elsewhere)})


def test_a_missing_setting_is_named_without_a_traceback(installed, tmp_path):
    said = installed.run("check", env={"PATH": os.environ["PATH"], "HOME": os.fspath(tmp_path)}, code=1)
    assert said.startswith("SECRET_KEY is not set.")
    assert "callhooks run" in said


def test_the_demo_asks_for_callhooks_run(installed, tmp_path):
    said = installed.run("demo", env={"PATH": os.environ["PATH"], "HOME": os.fspath(tmp_path)}, code=1)
    assert f"{tmp_path}/.local/state/callhooks/demo.json is missing. Start `callhooks run`" in said
