"""Contract 3: accounts."""

from __future__ import annotations

from subscriptions.models import ApiKey
from tests.support.contract_client import ContractClient, check_envelope
from tests.support.contract_shapes import ACCOUNT, check
from tests.support.factories import make_company


def test_an_account(client):
    (account,) = check_envelope("a", client.get("/v3/a.json"))
    check(ACCOUNT, account)
    number = client.get("/v3/a.json", fields="numeric_id")["accounts"][0].pop("numeric_id")
    assert type(number) is int
    assert client.get(f"/v3/a/{number}.json") == account


def test_accounts_are_filtered_and_sorted(db):
    names = ["alpha", "beta", "gamma"]
    for name in ["beta", "gamma", "alpha"]:
        make_company(name)
    client = ContractClient(ApiKey.objects.issue(company=None, name="operator")[1])
    assert [account["name"] for account in client.get("/v3/a.json", sort="name")["accounts"]] == names
    assert [account["name"] for account in client.get("/v3/a.json", sort="name", order="desc")["accounts"]] == names[
        ::-1
    ]
    assert client.get("/v3/a.json", hipaa_account="false")["total_records"] == 3
    assert client.get("/v3/a.json", hipaa_account="true")["accounts"] == []
    walked = [row["name"] for page in client.links("/v3/a.json", per_page=1, sort="name") for row in page]
    assert walked == names
