"""A form on another site changes nothing here: each address that takes a POST asks for the token of a page of ours.
Walks the URL conf, so that a button added later is walked too."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support import factories
from tests.support.admin import two_tenants, unlogged_refusals
from tests.support.site_addresses import address, leaves
from tests.support.tenant_snapshot import snapshot

pytestmark = pytest.mark.django_db
SAID = {"post": "yes", "held": "drop", "_save": "Save", "name": "mine", "note": "mine", "action": "spam"}
# Here a token of another kind decides, which no other site knows: that of a mail, the key of a form or a phone system.
OTHER_TOKENS = {"admin:unsubscribe", "form-endpoint", "provider-callback"}


def test_no_address_takes_a_post_of_another_site():
    ours, _ = two_tenants()
    owner = factories.make_member(ours.company, "owner", username="owner@example.com")
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(owner)
    walked, before = 0, snapshot(ours)
    with unlogged_refusals():
        for leaf in leaves():
            if leaf.in_api or leaf.name in OTHER_TOKENS:
                continue
            url = address(leaf, ours)
            answer = client.post(url, SAID, headers={"Origin": "https://evil.example.com"})
            assert answer.status_code == 403, (url, answer.status_code)
            walked += 1
    assert walked > 180
    assert snapshot(ours) == before


def test_the_api_takes_no_login_for_a_key():
    """So no site can use the cookie of somebody who is logged in."""
    ours, _ = two_tenants()
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_member(ours.company, "owner", username="owner@example.com"))
    with unlogged_refusals():
        for leaf in leaves():
            if leaf.in_api:
                answer = client.post(address(leaf, ours), {"name": "mine"}, content_type="application/json")
                assert answer.status_code in (401, 405), (leaf, answer.status_code)
