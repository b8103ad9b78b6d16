"""Typed reading of environment variables for `settings.py`. A missing or wrong value raises ImproperlyConfigured with a
message that names the variable and says what to set. Values that may hold a password are never repeated in a message.
"""

from __future__ import annotations

import re
import ssl
import sys
from base64 import urlsafe_b64decode
from importlib.util import find_spec
from ipaddress import ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from . import installation

_env = environ.Env()
TRY_IT = "callhooks run" if installation.IS_WHEEL else "./dev"
INSTALL_TRACING = (
    f"{sys.executable} -m pip install --require-hashes -r {installation.ROOT / 'requirements-tracing.txt'}"
)
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
# 32 random bytes hold fewer different values than this about once in 10^12 keys.
LEAST_DIFFERENT_BYTES = 16
# Characters: nobody counts wrong guesses.
SHORTEST_TOKEN = 24


def string(name: str, default: str) -> str:
    """An empty variable counts as not set, here and below."""
    return str(_env.str(name, default="")).strip() or default


def required(name: str, hint: str) -> str:
    value = string(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint} ('{TRY_IT}' sets everything for development.)")
    return value


def number(name: str, default: float, *, least: float, most: float) -> float:
    raw = string(name, "")
    try:
        value = float(raw) if raw else float(default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be a number.") from None
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name} is {value:g}; it must lie between {least:g} and {most:g}.")
    return value


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = number(name, default, least=least, most=most)
    if value != int(value):
        raise ImproperlyConfigured(f"{name} is {value:g}; it must be a whole number.")
    return int(value)


def boolean(name: str, default: bool) -> bool:
    raw = string(name, "").lower()
    if raw and raw not in _YES + _NO:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be true or false.")
    return raw in _YES if raw else default


def items(name: str, default: list[str]) -> list[str]:
    """Values separated by commas."""
    return [item.strip() for item in string(name, "").split(",") if item.strip()] or default


def parse_public_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
    except ValueError:
        raise ImproperlyConfigured(f"PUBLIC_URL is {url!r}; it must be an http or https address with a host.") from None
    return parts


def parse_encryption_keys(value: str) -> list[str]:
    # An empty key between two commas is kept: it is not a Fernet key, and the message says so.
    keys = [key.strip() for key in value.split(",")]
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"FIELD_ENCRYPTION_KEYS: key {position} is not a Fernet key ({error})."
            ) from None
    return keys


def check_debug_is_local(url: str, host: str) -> None:
    """Debug error pages show settings and local variables to anyone who causes an error."""
    if not re.fullmatch(r"localhost|.+\.localhost|127(\.\d+){3}|::1", host):
        raise ImproperlyConfigured(
            f"DEBUG is on, and PUBLIC_URL is {url}, which others can reach. Remove DEBUG, or use "
            "http://127.0.0.1:8000 for development."
        )


def check_production(*, secret_key: str, public_url: str, allowed_hosts: list[str], encryption_keys: list[str]) -> None:
    if len(secret_key) < 50 or len(set(secret_key)) < 5 or secret_key.startswith("django-insecure-"):
        raise ImproperlyConfigured("SECRET_KEY is too weak for production: use 50 random characters or more.")
    if urlsplit(public_url).scheme != "https":
        raise ImproperlyConfigured(
            f"PUBLIC_URL is {public_url}; in production it must begin with https://. Nobody could log in without TLS."
        )
    if "*" in allowed_hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS is *; name the hosts that this service answers to.")
    for position, key in enumerate(encryption_keys, start=1):
        if len(set(urlsafe_b64decode(key))) < LEAST_DIFFERENT_BYTES or key == secret_key:
            raise ImproperlyConfigured(
                f"FIELD_ENCRYPTION_KEYS: key {position} is too weak for production: it must be random."
            )


def parse_email_url(url: str) -> dict[str, Any]:
    try:
        config: dict[str, Any] = environ.Env.email_url_config(url)
    except (ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(
            "EMAIL_URL must name a mail server: smtp+tls://user:password@mail.example.com:587, with special characters "
            "percent-encoded."
        ) from None
    return config


def check_metrics_token(token: str) -> None:
    if token and not re.fullmatch(rf"[!-~]{{{SHORTEST_TOKEN},}}", token):
        raise ImproperlyConfigured(
            f"METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more, without spaces. Make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )


def check_log_format(value: str) -> None:
    if value not in ("text", "json"):
        raise ImproperlyConfigured(f"LOG_FORMAT is {value!r}; it must be text or json.")


def check_metrics_networks(networks: list[str]) -> None:
    check_networks("METRICS_NETWORKS", networks)
    if any(ip_network(network).prefixlen == 0 for network in networks):
        raise ImproperlyConfigured("METRICS_NETWORKS lets everybody in. Name your networks, or use METRICS_TOKEN.")


def check_trace_collector(url: str) -> None:
    if not url:
        return
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be the address of a collector that takes OTLP over HTTP, such as "
            "http://127.0.0.1:4318."
        )
    try:
        found = all(find_spec(name) for name in ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"))
    except ModuleNotFoundError:  # of a package above them
        found = False
    if not found:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages for traces are missing. Install them with: "
            f"{INSTALL_TRACING}. Or remove the setting."
        )


def check_networks(name: str, networks: list[str]) -> None:
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}.") from None


def check_proxy(url: str) -> None:
    if url and (urlsplit(url).scheme != "http" or not urlsplit(url).hostname):
        raise ImproperlyConfigured("WEBHOOK_PROXY cannot be used; write it like http://proxy.example.com:4750.")


def check_ca_bundle(path: str) -> None:
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:
            raise ImproperlyConfigured(
                f"WEBHOOK_CA_BUNDLE: {path} cannot be read as a file of certificates in PEM ({error})."
            ) from None


def check_wakeup_url(url: str) -> None:
    if url and not re.match(r"(redis|rediss|valkey|valkeys|unix)://.", url):
        raise ImproperlyConfigured(
            "WAKEUP_URL must name a Valkey or Redis server: valkey://:password@host:6379/0, valkeys:// with TLS, or "
            "unix:///path/to/socket. Leave it empty to let PostgreSQL carry the wake-ups."
        )


def check_contact(contact: str) -> None:
    if contact and not re.fullmatch(r"(mailto:|https://)\S+", contact):
        raise ImproperlyConfigured(
            f"SECURITY_CONTACT is {contact!r}; write mailto:security@example.com or the https address of a form."
        )
