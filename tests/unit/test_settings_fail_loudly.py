"""A setting that is missing or impossible stops the start, with words that name it and say what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SECRET_KEY": "test-secret-key-of-more-than-fifty-characters-0123456789abcdef",
    "FIELD_ENCRYPTION_KEYS": "Oa6wYBrOUC-9Sru0GukVUxtjHUDDsVhsFUx9XY2zsxg=",
    "DATABASE_URL": "postgres://callhooks@127.0.0.1:9/nothing-is-there",
    "PUBLIC_URL": "https://hooks.example.com",
}
# What is changed in good settings (None: not set), and what the message holds.
BAD = {
    "no secret key": ({"SECRET_KEY": None}, ["SECRET_KEY is not set", "Make one with: python -c", "./dev"]),
    "empty secret key": ({"SECRET_KEY": "  "}, ["SECRET_KEY is not set"]),
    "short secret key": ({"SECRET_KEY": "short"}, ["SECRET_KEY is too weak", "50 random characters"]),
    "dull secret key": ({"SECRET_KEY": "ab" * 30}, ["SECRET_KEY is too weak"]),
    "django's example key": ({"SECRET_KEY": "django-insecure-" + GOOD["SECRET_KEY"]}, ["SECRET_KEY is too weak"]),
    "no public address": ({"PUBLIC_URL": None}, ["PUBLIC_URL is not set", "https://hooks.example.com"]),
    "an address without scheme": ({"PUBLIC_URL": "hooks.example.com"}, ["PUBLIC_URL is", "http or https"]),
    "an address that cannot be read": ({"PUBLIC_URL": "https://[x/"}, ["PUBLIC_URL is", "with a host"]),
    "neither yes nor no": ({"WEBHOOK_REQUIRE_HTTPS": "ture"}, ["WEBHOOK_REQUIRE_HTTPS is 'ture'", "true or false"]),
    "an unknown log level": ({"LOG_LEVEL": "loud"}, ["LOG_LEVEL is 'LOUD'", "WARNING"]),
    "no collector of traces": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "user:hunter2@collector:4317"},
        ["OTEL_EXPORTER_OTLP_ENDPOINT must be", "OTLP over HTTP", "http://127.0.0.1:4318"],
    ),
    "no mail server": ({"EMAIL_URL": "mail.example.com"}, ["EMAIL_URL must name a mail server", "smtp+tls://"]),
    "only a comma for keys": ({"FIELD_ENCRYPTION_KEYS": ","}, ["FIELD_ENCRYPTION_KEYS: key 1 is not a Fernet key"]),
    "no URL at all": ({"DATABASE_URL": "nonsense"}, ["DATABASE_URL must name a PostgreSQL", "postgres://user"]),
    "a port that is none": ({"DATABASE_URL": "postgres://u@h:port/n"}, ["DATABASE_URL must name a PostgreSQL"]),
    "no encryption key": (
        {"FIELD_ENCRYPTION_KEYS": None},
        ["FIELD_ENCRYPTION_KEYS is not set", "newest first", "python -c"],
    ),
    "a bad second encryption key": (
        {"FIELD_ENCRYPTION_KEYS": GOOD["FIELD_ENCRYPTION_KEYS"] + ",c2hvcnQ="},
        ["FIELD_ENCRYPTION_KEYS: key 2 is not a Fernet key", "32 url-safe base64"],
    ),
    "no database": ({"DATABASE_URL": None}, ["DATABASE_URL is not set", "postgres://user:password@host:5432/name"]),
    "another database": ({"DATABASE_URL": "sqlite:///data.db"}, ["DATABASE_URL must name a PostgreSQL database"]),
    "no replica": ({"DATABASE_REPLICA_URL": "nonsense"}, ["DATABASE_REPLICA_URL must name a PostgreSQL database"]),
    "the primary as its replica": (
        {"DATABASE_REPLICA_URL": "postgres://callhooks@127.0.0.1:9/nothing-is-there"},
        ["DATABASE_REPLICA_URL is the primary's address", "read replica"],
    ),
    "a replica that may never be late": ({"DATABASE_REPLICA_LAG_SECONDS": "0"}, ["DATABASE_REPLICA_LAG_SECONDS is 0"]),
    "no number": ({"WEBHOOK_TOTAL_TIMEOUT": "ten"}, ["WEBHOOK_TOTAL_TIMEOUT is 'ten'", "must be a number"]),
    "not even a number": ({"WEBHOOK_TOTAL_TIMEOUT": "nan"}, ["WEBHOOK_TOTAL_TIMEOUT is nan", "between 0.2 and 30"]),
    "too many": ({"DELIVERY_IN_FLIGHT": "100000"}, ["DELIVERY_IN_FLIGHT is 100000", "between 1 and 20000"]),
    "no server for wake-ups": (
        {"WAKEUP_URL": "h:6379/?password=hunter2"},
        ["WAKEUP_URL must name a Valkey", "valkey://"],
    ),
    "half a worker": ({"CLUSTER_WORKERS": "2.5"}, ["CLUSTER_WORKERS is 2.5", "whole number"]),
    "no network": (
        {"WEBHOOK_ALLOWED_NETWORKS": "10.0.0.1/8"},
        ["WEBHOOK_ALLOWED_NETWORKS", "10.0.0.1/8 has host bits set"],
    ),
    "metrics for everybody": ({"METRICS_NETWORKS": "10.1.0.0/16, ::/0"}, ["METRICS_NETWORKS lets everybody in"]),
    "a short token": ({"METRICS_TOKEN": "metrics"}, ["METRICS_TOKEN must have 24 characters", "token_urlsafe"]),
    "a log format": ({"LOG_FORMAT": "xml"}, ["LOG_FORMAT is 'xml'", "text or json"]),
    "an encryption key that was typed": (
        {"FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},
        ["FIELD_ENCRYPTION_KEYS: key 1 is too weak for production", "random"],
    ),
    "the same key again behind a good one": (
        {"FIELD_ENCRYPTION_KEYS": "Oa6wYBrOUC-9Sru0GukVUxtjHUDDsVhsFUx9XY2zsxg=," + "A" * 43 + "="},
        ["FIELD_ENCRYPTION_KEYS: key 2 is too weak for production"],
    ),
    "no TLS in production": ({"PUBLIC_URL": "http://hooks.example.com"}, ["PUBLIC_URL is", "must begin with https://"]),
    "every host in production": ({"ALLOWED_HOSTS": "*"}, ["ALLOWED_HOSTS is *", "name the hosts"]),
    "debugging in public": ({"DEBUG": "true"}, ["DEBUG is on", "others can reach", "http://127.0.0.1:8000"]),
    "debugging on the office's network": (
        {"DEBUG": "true", "PUBLIC_URL": "http://192.168.1.20:8000"},
        ["DEBUG is on", "others can reach"],
    ),
    "a contact that is no address": ({"SECURITY_CONTACT": "the boss"}, ["SECURITY_CONTACT is", "mailto:security@"]),
    "a proxy of another kind": (
        {"WEBHOOK_PROXY": "socks5://me:hunter2@127.0.0.1:1080"},
        ["WEBHOOK_PROXY cannot be used", "http://proxy.example.com:4750"],
    ),
    "no authorities": ({"WEBHOOK_CA_BUNDLE": "/nowhere.pem"}, ["WEBHOOK_CA_BUNDLE: /nowhere.pem", "PEM"]),
    "a lease that is too short": (
        {"DELIVERY_LEASE_SECONDS": "10"},
        ["DELIVERY_LEASE_SECONDS must be at least", "WEBHOOK_TOTAL_TIMEOUT + 5"],
    ),
}
STARTED = "import django; django.setup()"
# What stops a start does so before anything else is loaded.
SETTINGS = "import callhooks_site.settings"
SHOW = "from callhooks_site import settings"
# A process of its own for each case, forked from one that has loaded what the settings need: loading that takes ten
# times as long as reading them.
EACH = f"""
import json, os, sys, tempfile, traceback
import callhooks_site.databases, callhooks_site.environment, callhooks_site.json_logs, whitenoise.compress
ended = {{}}
for case, changes in json.load(sys.stdin).items():
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if pid == 0:
            os.dup2(said.fileno(), 2)
            for name, value in changes.items():
                os.environ.pop(name, None)
                os.environ.update({{name: value}} if value is not None else {{}})
            try:
                {SETTINGS}
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said.seek(0)
        ended[case] = [code, said.read().decode()]
print(json.dumps(ended))
"""


def start(changes: dict[str, str | None], then: str = STARTED, given: str = "") -> subprocess.CompletedProcess[str]:
    """What this code says in a process of its own with these settings; `given` is its input."""
    env = {**GOOD, **changes, "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "callhooks_site.settings"}
    return subprocess.run(
        [sys.executable, "-c", then],
        cwd=ROOT,
        input=given,
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_good_settings_start_without_a_word():
    """And without DEBUG: the defaults are those of production, and Django's own look at them finds no fault."""
    check = "from django.core.management import call_command; call_command('check', deploy=True, fail_level='WARNING')"
    result = start({}, f"{STARTED}; {check}")
    assert (result.returncode, result.stderr) == (0, "")
    assert "no issues (0 silenced)" in result.stdout


def test_a_weak_secret_key_will_do_with_debug():
    changes = {"SECRET_KEY": "short", "DEBUG": "true", "PUBLIC_URL": "http://127.0.0.1:8000"}
    assert start(changes, SETTINGS).returncode == 0


def test_what_is_set_to_nothing_counts_as_not_set():
    names = ["DEBUG", "WEBHOOK_REQUIRE_HTTPS", "ALLOWED_HOSTS", "LOG_LEVEL", "WEBHOOK_TOTAL_TIMEOUT", "EMAIL_URL"]
    shown = f"{SHOW}; print([getattr(settings, name, '') for name in {[*names, 'EMAIL_CONFIG']}])"
    unset, empty = start({}, shown), start(dict.fromkeys(names, ""), shown)
    assert (empty.stdout, empty.stderr) == (unset.stdout, "")


def test_blanks_after_commas_do_no_harm():
    shown = f"{SHOW}; print(settings.ALLOWED_HOSTS, settings.WEBHOOK_ALLOWED_NETWORKS)"
    result = start({"ALLOWED_HOSTS": "a.example, b.example", "WEBHOOK_ALLOWED_NETWORKS": "10.0.0.0/8, ::1"}, shown)
    assert result.stdout == "['a.example', 'b.example'] ['10.0.0.0/8', '::1']\n"


@pytest.fixture(scope="module")
def stopped() -> dict[str, tuple[int, str]]:
    """The exit code and the standard error of a process with each of the bad settings."""
    result = start({}, EACH, json.dumps({case: changes for case, (changes, _) in BAD.items()}))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_setting_stops_the_start(stopped, case: str):
    code, said = stopped[case]
    assert code != 0
    *_, message = said.strip().splitlines()
    assert message.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert [word for word in BAD[case][1] if word not in message] == []


def test_a_password_in_a_bad_setting_is_not_told():
    assert "hunter2" not in start({"WEBHOOK_PROXY": "socks5://me:hunter2@127.0.0.1:1080"}, SETTINGS).stderr
