"""Containerfile, compose.yaml, .dockerignore and nginx's template fit together; `./dev container` runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from callhooks_site.version import VERSION
from tests.container import composed

ROOT = Path(__file__).resolve().parents[2]
VALUES = {"POSTGRES_PASSWORD": "secret", "PUBLIC_HOST": "hooks.example.com", "SECRET_KEY": "key"}
CONTAINERFILE = (ROOT / "Containerfile").read_text()
OURS = ("migrate", "web", "cluster")


def test_nginx_in_a_container_has_the_rules_of_nginx_on_a_machine():
    machine = (ROOT / "deploy/nginx/callhooks.conf").read_text()
    container = (ROOT / "deploy/container/callhooks.conf.template").read_text()
    for there, here in (
        ("server 127.0.0.1:8000;", "server ${WEB_ADDRESS};"),
        ("listen 80;", "listen 8080;"),
        ("listen 443 ssl", "listen 8443 ssl"),
        ("/etc/letsencrypt/live/hooks.example.com/", "/etc/nginx/tls/"),
        ("hooks.example.com", "${PUBLIC_HOST}"),
    ):
        machine = machine.replace(there, here)
    begin = "# Per address."
    assert container[container.index(begin) :] == machine[machine.index(begin) :]


@pytest.mark.parametrize("name", OURS)
def test_our_services_write_nowhere_and_may_do_nothing(name: str):
    spec = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"][name]
    assert spec["read_only"] is True
    assert [folder.partition(":")[0] for folder in spec["tmpfs"]] == ["/tmp"]
    assert spec["cap_drop"] == ["ALL"]
    assert spec["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in spec, "only nginx is reached from outside"


def test_the_settings_come_from_one_file_and_the_address_from_its_host():
    services = composed.read(VALUES)
    for name in OURS:
        env = services[name].env
        assert env["SECRET_KEY"] == "key"
        assert env["PUBLIC_URL"] == "https://hooks.example.com"
        assert env["DATABASE_URL"] == "postgres://callhooks:secret@database:5432/callhooks"
        assert env["BEHIND_TLS_PROXY"] == "true"
    assert services["nginx"].env["PUBLIC_HOST"] == "hooks.example.com"
    assert all(path.exists() for inside, path in services["nginx"].volumes.items() if "tls" not in inside)


def test_what_is_missing_in_it_is_named():
    with pytest.raises(ValueError, match=r"PUBLIC_HOST: Put PUBLIC_HOST into \.env"):
        composed.read({"POSTGRES_PASSWORD": "secret"})


def test_the_image_says_the_version_that_it_is():
    assert f"ARG VERSION={VERSION}\n" in CONTAINERFILE


def test_whatever_the_wheel_is_made_of_reaches_the_builder_and_nothing_else():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert "\n*\n" in (ROOT / ".dockerignore").read_text()
    bundled = re.findall(r'^"([^"]+)" = "callhooks_site/bundled/', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    packages = re.search(r"^packages = \[([^\]]+)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    needed = {*bundled, *re.findall(r'"(\w+)"', packages)}
    needed |= {"LICENSE", "README.md", "pyproject.toml", "hatch_build.py", "requirements-build.txt"}
    assert allowed == needed


def test_it_runs_as_nobody_and_without_a_shell_in_between():
    last = CONTAINERFILE[CONTAINERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    for name in ("ENTRYPOINT", "CMD", r"HEALTHCHECK .* CMD"):
        assert re.search(rf"^{name} \[", last, re.MULTILINE), f"{name} is not in exec form"
    assert "apt-get install" not in last
