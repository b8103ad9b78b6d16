"""Contract 1.7: the rate headers, and what a client is told that asks too often."""

from __future__ import annotations

import pytest

from tests.support.contract_client import ContractClient
from tests.support.waiting import wait_until


def used(client: ContractClient, path: str, method: str = "GET") -> tuple[int, int]:
    headers = client.ask(method, path, {} if method == "POST" else None).headers
    return int(headers["x-rate-limit-hourly-used"]), int(headers["x-rate-limit-daily-used"])


def test_each_request_counts(client):
    hourly, daily = used(client, "calls")
    assert used(client, "tags") == (hourly + 1, daily + 1)
    assert used(client, "nothing") == (hourly + 2, daily + 2)


@pytest.mark.parametrize("path", ["calls", "/v3/a.json", "tags", "nothing"])
def test_too_many_requests(client, settings, path):
    client.get("calls")
    settings.API_REQUESTS_PER_MINUTE = 1
    # What was asked before uses the new limit, too, for a tenth of a second: the next one is refused or not.
    wait_until(lambda: client.ask("GET", "calls").status == 200)
    answer = client.ask("GET", path)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
