"""docs/settings.md lists every environment variable that the settings read, with its default and its limits."""

from __future__ import annotations

import ast
import operator
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "callhooks_site" / "settings.py"
READERS = ROOT / "callhooks_site" / "environment.py"
TABLE = ROOT / "docs" / "settings.md"
UNKNOWN = object()
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


@dataclass
class Setting:
    default: object = UNKNOWN  # a literal, or UNKNOWN where it is computed
    required: bool = False
    least: object = UNKNOWN
    most: object = UNKNOWN


@dataclass
class Row:
    default: str
    meaning: str
    limits: str


def literal(node: ast.expr | None) -> object:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = literal(node.left), literal(node.right)
        return UNKNOWN if UNKNOWN in (left, right) else OPERATORS[type(node.op)](left, right)
    try:
        return UNKNOWN if node is None else ast.literal_eval(node)
    except ValueError:
        return UNKNOWN


def readers() -> set[str]:
    """The functions of environment.py that read a variable: they take its name, and a default or a hint."""
    functions = [node for node in ast.parse(READERS.read_text()).body if isinstance(node, ast.FunctionDef)]
    parameters = {node.name: [argument.arg for argument in node.args.args] for node in functions}
    return {name for name, taken in parameters.items() if taken in (["name", "default"], ["name", "hint"])}


def is_env(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "env"


def settings_read() -> dict[str, Setting]:
    """What settings.py reads through `env.string`, `env.number` and the other readers."""
    found: dict[str, Setting] = {}
    known = readers()
    for call in ast.walk(ast.parse(SOURCE.read_text())):
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and is_env(call.func)
            and call.func.attr in known
        ):
            continue
        name = literal(call.args[0])
        assert isinstance(name, str), f"line {call.lineno}: a variable's name is computed, and cannot be found."
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        setting = found.setdefault(name, Setting())
        if call.func.attr == "required":
            setting.required = True
        else:
            setting.default = literal(call.args[1])
            setting.least, setting.most = literal(keywords.get("least")), literal(keywords.get("most"))
    return found


def rows() -> dict[str, Row]:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == 4 for row in cells), "Each row has four cells; a | inside one would split it."
    names = [row[0].strip("`") for row in cells]
    assert sorted(names) == sorted(set(names)), "A variable stands in the table twice."
    return {name: Row(*row[1:]) for name, row in zip(names, cells, strict=True)}


def shown(default: object) -> str:
    """How the table writes a literal default."""
    if default in ([], ""):
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, int | float):
        return f"`{default:.10g}`"
    return f"`{default}`"


READ, ROWS = settings_read(), rows()


def test_the_scan_sees_the_settings():
    assert {"DEBUG", "SECRET_KEY", "DATABASE_URL", "WEBHOOK_TOTAL_TIMEOUT", "CLUSTER_WORKERS"} <= set(READ)
    assert READ["POST_CALL_WAIT_SECONDS"].default == 1200
    assert "os.environ" not in SOURCE.read_text(), "Read variables through env, so that they are found here."


def test_every_variable_is_documented():
    assert set(READ) - set(ROWS) == set()


def test_no_unknown_variable_is_documented():
    assert set(ROWS) - set(READ) == set()


@pytest.mark.parametrize("name", sorted(set(READ) & set(ROWS)))
def test_default_and_limits_are_right(name: str):
    setting, row = READ[name], ROWS[name]
    assert (row.default == "*required*") == setting.required
    assert row.default
    assert row.meaning.endswith((".", ".**", "`")), "The meaning is a sentence."
    assert row.limits
    if not setting.required and setting.default is not UNKNOWN:
        assert row.default == shown(setting.default)
    if setting.least is not UNKNOWN:
        match = re.search(r"([\d.]+) to ([\d.]+)", row.limits)
        assert match, "The limits of a number are written as: 1 to 64"
        assert (float(match[1]), float(match[2])) == (setting.least, setting.most)
