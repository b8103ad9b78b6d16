"""WEBHOOK_PROXY and WEBHOOK_CA_BUNDLE reach the client that delivers, and check_url --dial."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from subscriptions.delivery import webhook_client
from subscriptions.models import Attempt, Delivery
from tests.hostile.certificates import new_authority, server_context, write_authority
from tests.hostile.receivers import OK, Receiver, answering
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


@pytest.fixture(autouse=True)
def _new_client() -> Any:
    webhook_client.close()
    yield
    webhook_client.close()


def test_a_delivery_goes_to_the_proxy(settings: Any):
    with Receiver(answering(OK, then="keep")) as proxy:
        settings.WEBHOOK_PROXY = f"http://127.0.0.1:{proxy.port}"
        company = make_company()
        make_subscription(company, url="http://hooks.example.com:8080/in")
        make_call(company)
        drain_until(nothing_pending)
        assert proxy.requests[0].startswith(b"POST http://hooks.example.com:8080/in HTTP/1.1\r\n")
    assert Delivery.objects.get().state == "delivered"


def test_a_proxy_that_is_down_is_named_in_the_log(settings: Any):
    settings.WEBHOOK_PROXY = "http://127.0.0.1:9"
    company = make_company()
    make_subscription(company, url="http://hooks.example.com/in")
    make_call(company)
    drain_until(lambda: Attempt.objects.exists())
    assert Attempt.objects.get().error == "proxy"


def test_the_bundle_decides_whom_check_url_trusts(settings: Any, tmp_path: Path):
    authority = new_authority()
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_REQUIRE_HTTPS = False
    settings.PUBLIC_URL = "https://callhooks.example.com"
    with Receiver(answering(OK), tls=server_context(tmp_path, authority, names=("localhost",))) as receiver:
        url = f"https://localhost:{receiver.port}/"

        def dial() -> str:
            out = io.StringIO()
            call_command("check_url", "--dial", url, stdout=out)
            return out.getvalue().strip()

        assert dial().startswith("ok; dial failed: The server's certificate")
        settings.WEBHOOK_CA_BUNDLE = write_authority(authority, tmp_path)
        assert dial() == "ok; dial ok"
