"""What a subscription may say: the same rules for the admin, the API and commands."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from ..delivery.credentials import Credentials, CredentialsRefused
from ..delivery.http import client_certificates
from ..delivery.http.url_rules import check_url
from ..delivery.masking import MASK
from ..events import catalogue


def validate_url(url: str) -> str:
    """The URL as it will be dialled. Raises ValueError with a sentence that says what to change."""
    return check_url(
        url,
        allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
        require_https=settings.WEBHOOK_REQUIRE_HTTPS,
        own_url=settings.PUBLIC_URL,
    )


MOVED = "The URL leads to another server now. Give this anew for that one, or take it out."
MOVED_WITH_CREDENTIALS = (
    "This is another server: it would get the headers and the login of the old one. Give them anew, or take them out."
)


def validate_credentials(given: Credentials, *, stored: Credentials, url: str, moved: bool) -> Credentials:
    """The credentials to save. A value that is the mask it is shown as stays what it is, unless the URL `moved` to
    another server: whoever may change the URL would have it sent to a server of theirs. `url` is the one to save.
    Raises CredentialsRefused."""
    if moved and stored:
        kept = {
            "custom_headers": MASK in given.headers.values(),
            "auth_user": given.user == MASK,
            "auth_password": given.password == MASK,
            "auth_token": given.token == MASK,
            "client_certificate": given.certificate == MASK,
        }
        for name, is_kept in kept.items():
            if is_kept:
                raise CredentialsRefused(name, MOVED)
    if given.certificate and urlsplit(url).scheme == "http":
        raise CredentialsRefused("client_certificate", "A client certificate needs a URL that begins with https://.")
    return given.kept(stored).checked()


def validate_certificate(chain: str, key: str) -> str:
    """What `Credentials.certificate` holds, from a chain and a private key in PEM: the mask for two masks, nothing for
    nothing. Raises CredentialsRefused for `client_certificate` or `client_key`."""
    chain, key = chain.strip(), key.strip()
    if chain == key and chain in (MASK, ""):
        return chain
    for name, text in (("client_certificate", chain), ("client_key", key)):
        if text in (MASK, ""):
            raise CredentialsRefused(name, "A certificate and its private key are given together.")
    try:
        return client_certificates.checked(chain, key)
    except client_certificates.CertificateRefused as error:
        raise CredentialsRefused("client_key" if error.of_key else "client_certificate", str(error)) from None


def is_another_server(old_url: str, new_url: str) -> bool:
    """Whether another server answers there: what the old one was told in confidence is not for it."""
    return _server(old_url) != _server(new_url)


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def validate_events(names: list[str]) -> list[str]:
    """The event names in the catalogue's order, each once. Raises ValueError."""
    known = [event_type.name for event_type in catalogue.all_types()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"Unknown event: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    if not names:
        raise ValueError("Choose at least one event.")
    return [name for name in known if name in names]
