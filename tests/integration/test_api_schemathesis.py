"""Whatever the API's document allows, and what it does not, is asked of a running server: nothing is a fault, and every
answer is as the document says.

`./dev schemathesis` asks more (SCHEMATHESIS_EXAMPLES for each operation)."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.support.factories import make_call, make_company, make_key, make_subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "1")
# Left out: that whatever fits the schema is taken. No schema says that a number is a possible phone number, that a
# cursor is one of ours, or that an id comes with its source; such requests are refused, in words.
LEFT_OUT = "positive_data_acceptance"


@pytest.mark.long(short="tests/integration/test_api_hostile.py::test_any_json_at_all")
def test_it_finds_nothing(live_server, settings, tmp_path):
    settings.API_REQUESTS_PER_MINUTE = 0
    company = make_company()
    make_subscription(company, events=["pre_call"])
    make_call(company)
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
        f"{live_server.url}/api/v1/schema/", "--header", f"Authorization: Bearer {make_key(company)}",
        "--phases", "fuzzing", "--max-examples", EXAMPLES, "--seed", "1", "--exclude-checks", LEFT_OUT,
        # Its own key must go on working.
        "--exclude-path-regex", "/keys/", "--suppress-health-check", "all", "--generation-database", ":memory:",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None
    assert int(tested[1]) > 40, "it asked all of them"
