"""Where receivers find a text's media. What lies at an http address is given through this service: the link contains a
key made from the text's id and needs no login."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from .models import TextMessage

_SALT = "messaging.media"


def public_urls(text: TextMessage) -> list[str]:
    """The addresses of the media, none of them http."""
    return [
        url if urlsplit(url).scheme == "https" else _through_us(text, number)
        for number, url in enumerate(text.media_urls)
    ]


def access_key(resource_id: str, secret: str | bytes | None = None) -> str:
    """The key of a text's links: 32 hex digits."""
    return salted_hmac(_SALT, resource_id, secret=secret, algorithm="sha256").hexdigest()[:32]


def opens(resource_id: str, key: str) -> bool:
    """Whether the key was made for this text, with the current secret key of the service or one of the earlier ones."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(key, access_key(resource_id, secret)) for secret in secrets)


def _through_us(text: TextMessage, number: int) -> str:
    path = reverse("text-media", args=[text.resource_id, number])
    return f"{settings.PUBLIC_URL}{path}?access_key={access_key(text.resource_id)}"
