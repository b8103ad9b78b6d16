"""What a subscription may say: the same rules for the admin, the API and commands."""

from __future__ import annotations

from django.conf import settings

from . import catalogue
from .delivery.url_rules import check_url


def checked_url(url: str) -> str:
    """The URL as it will be dialled. Raises ValueError with a sentence that says what to change."""
    return check_url(
        url,
        allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
        require_https=settings.WEBHOOK_REQUIRE_HTTPS,
        own_url=settings.PUBLIC_URL,
    )


def checked_events(names: list[str]) -> list[str]:
    """The event names in the catalogue's order, each once. Raises ValueError."""
    known = [event_type.name for event_type in catalogue.all_types()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"Unknown event: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    if not names:
        raise ValueError("Choose at least one event.")
    return [name for name in known if name in names]
