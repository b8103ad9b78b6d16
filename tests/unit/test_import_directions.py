"""Imports run one way: site → providers → messaging, forms_intake → calls → subscriptions → its pure modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("callhooks_site", "providers", "messaging", "forms_intake", "calls", "subscriptions")

# What an app may import of the others. The site may import all.
MAY_IMPORT = {
    "subscriptions": {"subscriptions"},
    "calls": {"calls", "subscriptions"},
    "messaging": {"messaging", "calls", "subscriptions"},
    "forms_intake": {"forms_intake", "calls", "subscriptions"},
    "providers": {"providers", "messaging", "calls", "subscriptions"},
}
# The product's name and version are no code.
FREE_FOR_ALL = {"callhooks_site.version"}
# Modules that know neither Django nor the database: they can be read, tested and reused alone.
PURE = (
    "subscriptions/ids.py",
    "subscriptions/encryption.py",
    "subscriptions/lifecycle.py",
    "subscriptions/pulse.py",
    "subscriptions/delivery/retry.py",
    "subscriptions/delivery/valkey.py",
    "subscriptions/delivery/signing.py",
    "subscriptions/delivery/client.py",
    "subscriptions/delivery/addresses.py",
    "subscriptions/delivery/client_certificates.py",
    "subscriptions/delivery/url_rules.py",
    "subscriptions/delivery/header_rules.py",
    "calls/phones.py",
    "forms_intake/contents.py",
    "providers/signature.py",
    "providers/callback.py",
    "providers/facts.py",
    "providers/parties.py",
    "providers/outlook.py",
    "providers/texts.py",
    "forms_intake/origins.py",
    "forms_intake/web/sent.py",
)
KNOW_DJANGO_Q = {
    "callhooks_site/settings.py",
    "subscriptions/background.py",
    "subscriptions/broker.py",
    "subscriptions/cluster_hooks.py",
    "subscriptions/schedules.py",
    "subscriptions/retention.py",  # its tables are tidied too
    "subscriptions/tasks.py",
    "subscriptions/wakeup.py",
    "subscriptions/management/commands/qcluster.py",
    "providers/schedules.py",
    "callhooks_site/admin_site.py",
    "callhooks_site/imports/schedules.py",
}


def sources(*apps: str) -> Iterator[Path]:
    for app in apps:
        yield from (path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    """Absolute names of all that is imported, anywhere in the file."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_an_app_imports_only_what_lies_below_it(app: str):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(app)
        for name in imports(path)
        if name.split(".")[0] in APPS
        and name.split(".")[0] not in MAY_IMPORT[app]
        and not any(name.startswith(free) for free in FREE_FOR_ALL)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_know_no_django(name: str):
    assert [used for used in imports(ROOT / name) if used.split(".")[0] in ("django", "rest_framework")] == []


def test_inside_the_engine_imports_run_down():
    """tasks → drain → outbox, client, signing, retry; never up."""
    for path in (ROOT / "subscriptions" / "delivery").rglob("*.py"):
        up = [
            name
            for name in imports(path)
            if name.startswith("subscriptions.") and not name.startswith("subscriptions.delivery")
        ]
        assert up == [], path.name


def test_few_modules_know_the_task_queue():
    knowing = {
        str(path.relative_to(ROOT))
        for path in sources(*APPS)
        # The benchmarks measure against the queue itself, used plainly.
        if "bench" not in path.parts and any(name.split(".")[0] == "django_q" for name in imports(path))
    }
    assert knowing <= KNOW_DJANGO_Q


def test_files_are_small():
    """Few over 150 lines, none over 400."""
    lengths = {path: len(path.read_text().splitlines()) for path in sources(*APPS)}
    assert [str(path) for path, length in lengths.items() if length > 400] == []
    assert sum(length > 150 for length in lengths.values()) <= len(lengths) // 5
