"""A page that fails by our fault says what whoever runs the service can look for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import path

from callhooks_site import urls

handler500 = urls.handler500


def _fail(request):
    raise RuntimeError("the inside")


urlpatterns = [path("fails/", _fail), *urls.urlpatterns]


@pytest.mark.urls(__name__)
def test_the_page_says_the_id_that_the_log_has(caplog: pytest.LogCaptureFixture):
    response = Client(raise_request_exception=False).get("/fails/")
    assert response.status_code == 500
    text = response.content.decode()
    assert f"request <code>{response.headers['X-Request-Id']}</code>" in text
    assert "the inside" not in text
    assert [record for record in caplog.records if "/fails/" in record.getMessage()]
