"""The menu's pages without a model. Importing this registers them."""

from __future__ import annotations

from ..tenancy.access import access_of
from .kit.menu import Page, add_page

add_page(Page("home", "Home", "admin:index", takes_company=True))
add_page(
    Page(
        "deliveries",
        "Event catalogue",
        "admin:event_catalogue",
        30,
        allowed=lambda request: access_of(request).may_read_some(),
    )
)
add_page(
    Page(
        "settings",
        "API reference",
        "api-docs",
        60,
        allowed=lambda request: access_of(request).may_read_some(),
    )
)
add_page(Page("service", "Service", "admin:service", 0, allowed=lambda request: access_of(request).all_companies))
