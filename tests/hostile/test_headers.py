"""Hostile request headers are refused when they are saved, and cannot change a request whatever was saved."""

from __future__ import annotations

import pytest

from subscriptions.delivery.http.client import Client, Request
from subscriptions.delivery.http.header_rules import HeaderRefused, check_headers

from .cases import HeaderCase
from .header_cases import CASES, UNSENDABLE
from .receivers import OK, Receiver, answering


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_not_saved(case: HeaderCase) -> None:
    with pytest.raises(HeaderRefused) as refused:
        check_headers(case.headers)
    assert str(refused.value).endswith(".")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("case", UNSENDABLE, ids=str)
def test_it_is_not_sent(case: HeaderCase, client: Client) -> None:
    with Receiver(answering(OK, then="keep")) as receiver:
        answer = client.send(Request(receiver.url, case.headers, b"{}"))
        assert answer.error == "bad_header"
        assert receiver.requests == []


def test_good_headers_are_kept_without_the_blanks_around_them() -> None:
    headers = {"X-Tenant": " acme \t", "Authorization": "Bearer abc", "X-Empty": "", "Cookie": "a=b; c=d"}
    assert check_headers(headers) == {
        "X-Tenant": "acme",
        "Authorization": "Bearer abc",
        "X-Empty": "",
        "Cookie": "a=b; c=d",
    }


USUAL = (
    "X-Tenant X-API-Key API-Key Authorization Cookie Accept Accept-Language Origin Referer X-Request-Id "
    "X-Correlation-Id X-Trace-Id Traceparent X-Environment X-Source X-Source-System X-Shopify-Topic X-GitHub-Event "
    "X-Hub-Token X-User-Id X-Client-Id X-Client-Secret X-Account X-Origin-Verify X-Auth-Token Idempotency-Key Prefer "
    "X-Shop-Domain X-Team X-Requested-With Apikey "
    "Ocp-Apim-Subscription-Key X-Vault-Token Private-Token X-Region X-Description"
).split()


@pytest.mark.parametrize("name", USUAL)
def test_headers_that_receivers_ask_for_are_kept(name: str) -> None:
    assert check_headers({name: "1"}) == {name: "1"}
