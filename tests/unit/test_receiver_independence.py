"""The receiver shares no code with the sender: the standard library and its own package alone."""

import ast
import sys

from tests.support.demo_receiver import PROJECT

PACKAGE = PROJECT / "callhooks_site/devtools/receiver"


def test_it_imports_the_standard_library_and_itself_only():
    files = sorted(PACKAGE.glob("*.py"))
    assert len(files) > 5
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level != 1:
                names = [node.module or "." * node.level]
            for name in names:
                assert name.partition(".")[0] in sys.stdlib_module_names, f"{file.name} imports {name}"
