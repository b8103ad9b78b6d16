"""`./dev bench NAME …` and `./dev bench compare COMMIT NAME`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from callhooks_site.devtools.state import DevError
from tests.bench import compare, options
from tests.bench.report import Report
from tests.bench.workspace import Workspace, bench_workspace


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 whether or not the targets were reached, 1 if something kept us from measuring."""
    if arguments[:1] == ["compare"]:
        return compare.main(arguments[1:])
    names, as_json, how = options.read(arguments)
    try:
        with bench_workspace() as workspace:
            for name in names:
                report = _run(name, workspace, how)
                sys.stdout.write(f"{report.as_json() if as_json else report.as_table()}\n")
                sys.stdout.flush()
    except (DevError, RuntimeError, TimeoutError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(name: str, workspace: Workspace, how: options.Options) -> Report:
    report: Report = import_module(f"{__package__}.{name}").run(workspace, how)
    report.setup += f"; {workspace.databases.settings()}"
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
