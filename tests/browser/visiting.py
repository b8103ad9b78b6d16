"""Being logged in in a browser, without filling in the form each time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page


def visit_as(page: Page, live_server: Any, user: Any) -> None:
    """On the home page of the admin, as this user."""
    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    page.goto(live_server.url + reverse("admin:index"))
