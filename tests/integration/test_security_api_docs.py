"""The pages that show the API need no login: what they tell, and what their addresses can make them do."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
TRY = "/api/v1/docs/try/"
ODD = "\"</script><script>alert(1)</script>{{7*7}}\u2028'"


def test_the_script_of_the_page_to_try_has_no_token_of_the_visitors_session():
    """A script can be embedded by any site, which is then handed the function that sets the token."""
    for client in (Client(), login(factories.make_member(factories.make_company()))):
        answer = client.get(TRY, {"script": ""})
        assert answer.headers["Content-Type"].startswith("application/javascript")
        assert re.findall(r'request\.headers\["X-CSRFTOKEN"\] = "(.*?)"', answer.content.decode()) == [""]
        assert "csrftoken" not in answer.cookies
        assert "csrftoken" not in client.get(TRY).cookies


@pytest.mark.parametrize("name", ["lang", "version", "url", "configUrl", "urls.primaryName", "oauth2RedirectUrl"])
def test_a_parameter_is_text_in_the_page_and_in_its_script(name):
    for more in ({}, {"script": ""}):
        answer = Client().get(TRY, {name: ODD, **more}).content.decode()
        assert "alert(1)<" not in answer
        assert "\u2028" not in answer
        assert "49" not in re.findall(r'url: "(.*?)"', answer)
    script = Client().get(TRY, {"script": "", name: "https://example.com/openapi.json"}).content.decode()
    (address,) = re.findall(r'url: "(.*?)"', script)
    assert address.startswith("/api/v1/schema/")
    assert "queryConfigEnabled" not in script  # or the address of the page could name another document
