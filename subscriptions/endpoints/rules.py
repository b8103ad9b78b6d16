"""The rules for a subscription's URL, events and credentials, for the admin, the API and commands alike."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote, urlsplit

from django.conf import settings

from ..delivery.credentials import Credentials, CredentialsRefused
from ..delivery.http import client_certificates
from ..delivery.http.url_rules import check_url
from ..delivery.masking import MASK
from ..delivery.oauth import Client
from ..events import catalogue


def validate_url(url: str) -> str:
    """The URL in the form that requests use. Raises ValueError with a message that says what to change."""
    return check_url(
        url,
        allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
        require_https=settings.WEBHOOK_REQUIRE_HTTPS,
        own_url=settings.PUBLIC_URL,
    )


MOVED = "The URL now leads to another server or path. Enter this again for that one, or remove it."
MOVED_WITH_CREDENTIALS = (
    "This is another server or path: it would get the headers and the login of the old one. Enter them again, or "
    "remove them."
)


def validate_credentials(given: Credentials, *, stored: Credentials, url: str, moved: bool) -> Credentials:
    """The credentials to save. A value that equals MASK, as which secrets are shown, keeps the stored value. But not
    when the URL `moved` to another server or path: a person who may change the URL could then send the secret to their
    own server. `url` is the one to save. Raises CredentialsRefused."""
    if moved and stored:
        kept = {
            "custom_headers": MASK in given.headers.values(),
            "auth_user": given.user == MASK,
            "auth_password": given.password == MASK,
            "auth_token": given.token == MASK,
            "client_certificate": given.certificate == MASK,
            "oauth_client_secret": given.client is not None and given.client.client_secret == MASK,
        }
        for name, is_kept in kept.items():
            if is_kept:
                raise CredentialsRefused(name, MOVED)
    if given.client is not None:
        given = replace(given, client=_checked_client(given.client, stored.client))
    if given.certificate and urlsplit(url).scheme == "http":
        raise CredentialsRefused("client_certificate", "A client certificate needs a URL that begins with https://.")
    return given.kept(stored).checked()


def _checked_client(given: Client, stored: Client | None) -> Client:
    """With the token URL as requests use it. A stored secret is not sent to another server than it was given for."""
    try:
        token_url = validate_url(given.token_url)
    except ValueError as error:
        raise CredentialsRefused("oauth_token_url", str(error)) from None
    if stored is not None and given.client_secret == MASK and has_moved(stored.token_url, token_url):
        raise CredentialsRefused("oauth_client_secret", MOVED)
    return replace(given, token_url=token_url)


def validate_certificate(chain: str, key: str) -> str:
    """The value for `Credentials.certificate`, from a chain and a private key in PEM. Both MASK gives MASK, both empty
    gives empty. Raises CredentialsRefused for `client_certificate` or `client_key`."""
    chain, key = chain.strip(), key.strip()
    if chain == key and chain in (MASK, ""):
        return chain
    for name, text in (("client_certificate", chain), ("client_key", key)):
        if text in (MASK, ""):
            raise CredentialsRefused(name, "Give the certificate and its private key together.")
    try:
        return client_certificates.checked(chain, key)
    except client_certificates.CertificateRefused as error:
        raise CredentialsRefused("client_key" if error.of_key else "client_certificate", str(error)) from None


def has_moved(old_url: str, new_url: str) -> bool:
    """Whether the secrets that were given for the old URL must not go to the new one: it has another scheme, host or
    port, or its path is neither the old one nor below it. Many receivers share a host, each with a path of its own.

    Paths below only become longer, so many small changes lead no further than one."""
    old, new = urlsplit(old_url), urlsplit(new_url)
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        return True
    if old.path == new.path:
        return False
    base = old.path if old.path.endswith("/") else f"{old.path}/"
    return not new.path.startswith(base) or _may_climb(new.path.removeprefix(base))


def _may_climb(path: str) -> bool:
    """Whether a server could take a part of the path for “up”, or for another separator."""
    for _ in range(3):  # encoded more than once
        if "\\" in path or ";" in path or any(part in (".", "..") for part in path.split("/")):
            return True
        path = unquote(path)
    return "%" in path


def validate_events(names: list[str]) -> list[str]:
    """The event names in the catalogue's order, each once. Raises ValueError."""
    known = [event_type.name for event_type in catalogue.all_types()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"Unknown event: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    if not names:
        raise ValueError("Choose at least one event.")
    return [name for name in known if name in names]
