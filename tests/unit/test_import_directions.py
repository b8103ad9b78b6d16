"""Imports run one way, from the top floor down. Type-only and late imports count.

`FLOORS` is the house from the ground up: a room may import from its own floor's own room and from every room below,
never from one above or beside it.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Rooms of one line stand side by side and do not know each other. The event catalogue, the formats of bodies and the
# rules for subscriptions are data and functions below the models, which check themselves by them.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("callhooks_site.version", "callhooks_site.installation", "subscriptions.lib"),
    ("subscriptions.database",),
    ("subscriptions.counters", "subscriptions.tracing"),
    ("subscriptions.replica",),
    ("subscriptions.delivery.http",),
    ("subscriptions.delivery",),
    ("subscriptions.events.versions", "subscriptions.events.shapes.formats"),
    ("subscriptions.events.catalogue",),
    ("subscriptions.endpoints.rules",),
    ("subscriptions.models",),
    ("subscriptions.tenancy",),
    ("subscriptions.events",),
    ("subscriptions.endpoints",),
    ("subscriptions.feed",),
    ("subscriptions.past",),
    ("subscriptions.maintenance",),
    ("subscriptions.worker",),
    ("subscriptions.api.kit", "subscriptions.admin.kit"),
    ("subscriptions.api", "subscriptions.admin"),
    ("subscriptions.intake",),
    ("subscriptions",),
    ("calls",),
    ("messaging", "forms_intake"),
    ("callhooks_site.payload_versions",),
    ("callhooks_site.intake.providers", "callhooks_site.intake.imports", "callhooks_site.vendor_api"),
    ("callhooks_site.intake.vendor_import", "callhooks_site.reports"),
    ("callhooks_site",),
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}
ROOMS = sorted(FLOOR_OF, key=len, reverse=True)
PACKAGES = ("callhooks_site", "subscriptions", "calls", "messaging", "forms_intake")

# Modules that know neither Django nor the database: they can be read, tested and reused alone.
PURE = (
    "subscriptions/lib/ids.py",
    "subscriptions/lib/encryption.py",
    "subscriptions/lib/postgres_json.py",
    "subscriptions/counters/memory.py",
    "subscriptions/tracing/spans.py",
    "subscriptions/tracing/trace_ids.py",
    "subscriptions/worker/stop_flag.py",
    "subscriptions/worker/heartbeat.py",
    "subscriptions/delivery/retry.py",
    "subscriptions/delivery/batching.py",
    "subscriptions/delivery/valkey.py",
    "subscriptions/delivery/signing.py",
    "subscriptions/delivery/http/client.py",
    "subscriptions/delivery/http/addresses.py",
    "subscriptions/delivery/http/client_certificates.py",
    "subscriptions/delivery/http/url_rules.py",
    "subscriptions/delivery/http/header_rules.py",
    "calls/phones.py",
    "forms_intake/contents.py",
    "forms_intake/origins.py",
    "forms_intake/secrets.py",
    "forms_intake/web/parsed_form.py",
    "subscriptions/intake/errors.py",
    *(
        f"callhooks_site/intake/imports/{name}.py"
        for name in "amounts call_results call_rows column_names encodings lines mapping moments presets row_parties "
        "table words workbook workbook_check workbook_parts".split()
    ),
    "callhooks_site/intake/providers/signature.py",
    "callhooks_site/intake/providers/callback_request.py",
    "callhooks_site/intake/providers/callback_facts.py",
    "callhooks_site/intake/providers/parties.py",
    "callhooks_site/intake/providers/call_state.py",
    "callhooks_site/intake/providers/texts.py",
)
KNOW_DJANGO_Q = {
    "callhooks_site/settings.py",
    "callhooks_site/admin_site.py",
    "subscriptions/management/commands/qcluster.py",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "subscriptions" / "worker").glob("*.py")),
}


def modules() -> dict[str, Path]:
    """Dotted name of every module of the product, and its file. Migrations keep what they once imported."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


@cache  # reading all of them takes a second, and several tests ask
def imports(path: Path) -> tuple[str, ...]:
    """Absolute names of all that is imported anywhere in the file: `a.b.c` of `from a.b import c`."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imported_modules(path: Path) -> set[str]:
    """The product's modules that a file imports."""
    found = set()
    for name in imports(path):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        if name:
            found.add(name)
    return found


def room_of(module: str) -> str:
    return next(room for room in ROOMS if module == room or module.startswith(f"{room}."))


def wrong_imports(module: str, imported: set[str]) -> list[str]:
    here = room_of(module)
    wrong = []
    for name in imported:
        there = room_of(name)
        if there != here and FLOOR_OF[there] >= FLOOR_OF[here]:
            wrong.append(f"{module} ({here}) imports {name} ({there})")
    return wrong


def test_imports_go_down_the_floors():
    wrong = [line for module, path in MODULES.items() for line in wrong_imports(module, imported_modules(path))]
    assert sorted(wrong) == []


def test_an_import_against_the_floors_is_seen():
    assert wrong_imports("subscriptions.delivery.http.client", {"subscriptions.delivery.drain"})
    assert wrong_imports("subscriptions.admin.kit.lists", {"subscriptions.admin.home"})
    assert wrong_imports("subscriptions.events.publishing", {"calls.models"})
    assert not wrong_imports("subscriptions.delivery.drain", {"subscriptions.delivery.http.client"})


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules that import each other, by Tarjan's strongly connected components."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in graph[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            group = set()
            while module not in group:
                group.add(stack.pop())
            if len(group) > 1:
                found.append(group)

    for module in graph:
        if module not in index:
            visit(module)
    return found


def test_no_module_imports_itself_through_others():
    # A package's __init__ names its modules; that a module belongs to its package is no import.
    graph = {module: imported_modules(path) - {module} for module, path in MODULES.items()}
    assert circles(graph) == []


def test_a_circle_is_seen():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_know_no_django(name: str):
    assert [used for used in imports(ROOT / name) if used.split(".")[0] in ("django", "rest_framework")] == []


def test_only_the_worker_knows_the_task_queue():
    knowing = {
        str(path.relative_to(ROOT))
        for path in MODULES.values()
        if any(name.split(".")[0] == "django_q" for name in imports(path))
    }
    assert knowing <= KNOW_DJANGO_Q


def test_the_ground_floor_has_few_loose_modules():
    assert len(list((ROOT / "subscriptions").glob("*.py"))) <= 6


def test_files_are_small():
    """Few over 150 lines, none over 400."""
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES.values()}
    assert [str(path) for path, length in lengths.items() if length > 400] == []
    assert sum(length > 150 for length in lengths.values()) <= len(lengths) // 5
