"""Half a minute of chaos: the real parts, killed at random under load. Nothing is lost, and what repeats is the same.
`./dev chaos` goes on for as long as it is told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.kills import KINDS

ROOT = Path(__file__).resolve().parents[2]
# The eight ways to kill come about twice; all come at least once, however busy the machine is.
SECONDS = 30

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(sys.platform != "linux", reason="chaos reads /proc"),
]


@pytest.mark.long(
    short="tests/crash/test_cluster_killed.py::test_every_event_arrives_although_the_cluster_is_killed_twice"
)
def test_nothing_is_lost_in_chaos(tmp_path: Path):
    command = [sys.executable, "-m", "tests.chaos", "--seconds", str(SECONDS), "--json"]
    done = subprocess.run(
        [*command, "--log", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=3600
    )
    assert done.stdout, done.stderr[-3000:]
    result = json.loads(done.stdout)
    told = json.dumps(result, indent=1)
    assert result["lost"] == 0, told
    assert (result["forged"], result["altered"]) == (0, 0), told
    assert (result["unexpected"], result["out_of_order"]) == (0, 0), told
    assert result["audit"]["sound"], told
    assert result["quiet"], told
    assert done.returncode == 0, told
    # It was a chaos indeed.
    assert result["events"] > 100, told
    assert set(result["kills"]) == set(KINDS)
    assert min(result["kills"].values()) >= 1, told
