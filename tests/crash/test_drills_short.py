"""The drills of `./dev drill` in their short forms: nothing is lost, no request fails."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.drills.network import why_impossible

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(sys.platform != "linux", reason="the chaos run's parts read /proc"),
]


def drill(name: str, log: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.drills", name, "--short", "--json", "--log", str(log)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=3600)
    assert done.stdout, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout)
    told = json.dumps(result, indent=1)
    assert (result["lost"], result["failed_requests"], result["faults"]) == (0, 0, []), told
    assert done.returncode == 0, told
    return result


@pytest.mark.long(short="tests/integration/test_restored_copy.py::test_a_copy_delivers_only_when_it_is_released")
def test_a_restored_backup_has_all_that_was_accepted_before_it(tmp_path: Path):
    result = drill("restore", tmp_path)
    for copy in (result["from_dump"], result["to_a_point"]):
        assert copy["accepted_before"] > 0
        assert copy["after"] > 0  # it was indeed an older state


@pytest.mark.long(
    short="tests/unit/test_migrations_beside_old_code.py::test_new_migrations_run_beside_the_code_of_their_time"
)
def test_no_request_fails_while_old_code_is_replaced(tmp_path: Path):
    result = drill("upgrade", tmp_path)
    assert result["requests"] > 0
    assert [name.rpartition("drill_")[2] for name in result["migrated_before"]] == ["before"]
    assert [name.rpartition("drill_")[2] for name in result["migrated_after"]] == ["after"]


@pytest.mark.long(
    short="tests/crash/test_two_clusters.py::test_what_a_killed_cluster_held_waits_for_its_lease_in_the_other_ones_eyes_too"
)
@pytest.mark.skipif(bool(why_impossible()), reason=f"SEVERAL MACHINES ARE NOT TESTED. {why_impossible()}")
def test_a_standby_takes_over_from_a_primary_on_another_machine(tmp_path: Path):
    result = drill("machines", tmp_path)
    assert result["double_sends"] == 0
    assert result["slots_moved_after_failover_s"] <= 30
    assert result["webhooks"] > 0
