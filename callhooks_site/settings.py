"""All settings, from the environment; docs/settings.md lists them. A missing or wrong one stops the start."""

from __future__ import annotations

import re
import ssl
import sys
from base64 import urlsafe_b64decode
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, hint: str) -> str:
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint} ('./dev' sets everything for development.)")
    return value


def number(name: str, default: float, *, least: float, most: float) -> float:
    raw = env.str(name, default="")
    try:
        value = float(raw) if raw else float(default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be a number.") from None
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name} is {value:g}; it must lie between {least:g} and {most:g}.")
    return value


def whole(name: str, default: int, *, least: int, most: int) -> int:
    value = number(name, default, least=least, most=most)
    if value != int(value):
        raise ImproperlyConfigured(f"{name} is {value:g}; it must be a whole number.")
    return int(value)


def yes_or_no(name: str, default: bool) -> bool:
    raw = env.str(name, default="").strip().lower()
    if raw and raw not in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be true or false.")
    return raw in ("true", "yes", "on", "1") if raw else default


def text(name: str, default: str) -> str:
    return env.str(name, default="").strip() or default


def several(name: str, default: list[str]) -> list[str]:
    return [item.strip() for item in env.str(name, default="").split(",") if item.strip()] or default


# --- who we are -------------------------------------------------------------------------------------------------
DEBUG = yes_or_no("DEBUG", False)
SECRET_KEY = required("SECRET_KEY", "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'")
PUBLIC_URL = required(
    "PUBLIC_URL",
    "It is the address people and programs reach this service at, such as https://hooks.example.com",
).rstrip("/")
try:
    _public = urlsplit(PUBLIC_URL)
    if _public.scheme not in ("http", "https") or not _public.hostname:
        raise ValueError
except ValueError:
    raise ImproperlyConfigured(
        f"PUBLIC_URL is {PUBLIC_URL!r}; it must be an http or https address with a host."
    ) from None
ALLOWED_HOSTS = several("ALLOWED_HOSTS", [_public.hostname])
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# An empty key between two commas is no Fernet key either: the loop says so.
FIELD_ENCRYPTION_KEYS: list[str] = [
    key.strip()
    for key in required(
        "FIELD_ENCRYPTION_KEYS",
        "It holds the Fernet keys that encrypt stored secrets, newest first, separated by commas. Make one with: "
        "python -c 'import base64,os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
    ).split(",")
]
for _position, _key in enumerate(FIELD_ENCRYPTION_KEYS, start=1):
    try:
        Fernet(_key)
    except ValueError as error:
        raise ImproperlyConfigured(f"FIELD_ENCRYPTION_KEYS: key {_position} is not a Fernet key ({error}).") from None

if DEBUG:
    # Its error pages show settings and local variables to whoever provokes an error.
    if not re.fullmatch(r"localhost|.+\.localhost|127(\.\d+){3}|::1", _public.hostname):
        raise ImproperlyConfigured(
            f"DEBUG is on, and PUBLIC_URL is {PUBLIC_URL}: others can reach that. Take DEBUG out, or use "
            "http://127.0.0.1:8000 for development."
        )
else:
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-"):
        raise ImproperlyConfigured("SECRET_KEY is too weak for production: use 50 random characters or more.")
    if _public.scheme != "https":
        raise ImproperlyConfigured(
            f"PUBLIC_URL is {PUBLIC_URL}; in production it must begin with https://. Nobody could log in without TLS."
        )
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS is *; name the hosts that this service answers to.")
    for _position, _key in enumerate(FIELD_ENCRYPTION_KEYS, start=1):
        # Of 32 random bytes hardly ever fewer than 24 differ.
        if len(set(urlsafe_b64decode(_key))) < 16 or _key == SECRET_KEY:
            raise ImproperlyConfigured(
                f"FIELD_ENCRYPTION_KEYS: key {_position} is too weak for production: it must be random."
            )

# --- applications -----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "callhooks_site.apps.CallhooksAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before django_q: our qcluster command takes the place of its own.
    "subscriptions",
    "calls",
    "messaging",
    "forms_intake",
    "callhooks_site.intake.providers",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_otp",
    "callhooks_site.security",
    "callhooks_site.supervision",
    "callhooks_site.intake.imports",
    # The commands that make the demo have no business in production.
    *(["callhooks_site.devtools"] if DEBUG else []),
]
MIDDLEWARE = [
    "callhooks_site.request_ids.request_ids",
    "callhooks_site.security.headers.browser_rules",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "callhooks_site.urls"
WSGI_APPLICATION = "callhooks_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database ---------------------------------------------------------------------------------------------------
required("DATABASE_URL", "It names the PostgreSQL database: postgres://user:password@host:5432/name")
try:
    DATABASES = {"default": env.db_url("DATABASE_URL")}
    if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        raise ValueError
except (KeyError, ValueError, ImproperlyConfigured):
    # Without what was given: it may hold a password.
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database (14 or newer), no other is supported: "
        "postgres://user:password@host:5432/name, with special characters percent-encoded."
    ) from None
# Kept connections, checked before use: with a new one per task a cluster opens four to seven of them for each.
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("application_name", "callhooks")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- language, time, static files -------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["callhooks_site.formats"]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "callhooks_site" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
# In tests too: there is no folder of collected files to read at the start.
WHITENOISE_AUTOREFRESH = DEBUG or "pytest" in sys.modules

# --- people -----------------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
# The first one only says no: when there were too many failures.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "callhooks_site.security.logins.LoginGuard"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]  # limits: security/logins.py
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
# A lockout ends by itself, even under attack; and no login of their own gives an attacker new attempts at another's.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = False
AXES_LOCKOUT_CALLABLE = "callhooks_site.security.logins.locked_out"
AXES_CLIENT_IP_CALLABLE = "callhooks_site.security.client_address.client_address"
AXES_CLIENT_STR_CALLABLE = "callhooks_site.security.logins.who"
AXES_DISABLE_ACCESS_LOG = True  # logins stand in the log; a table of them would grow for ever
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SECURE_SSL_REDIRECT = yes_or_no("SECURE_SSL_REDIRECT", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
if not DEBUG:
    # Browsers take cookies with this prefix from this very host over https only: no subdomain can plant one.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
SECURE_HSTS_SECONDS = whole("SECURE_HSTS_SECONDS", 0 if DEBUG else 31_536_000, least=0, most=63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
BEHIND_TLS_PROXY = yes_or_no("BEHIND_TLS_PROXY", False)
# How many proxies write into X-Forwarded-For: so many from its end are to be believed, and not one more.
PROXY_COUNT = whole("PROXY_COUNT", 1 if BEHIND_TLS_PROXY else 0, least=0, most=10)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Where strangers report a vulnerability: shown at /.well-known/security.txt.
SECURITY_CONTACT = text("SECURITY_CONTACT", "")
if SECURITY_CONTACT and not re.fullmatch(r"(mailto:|https://)\S+", SECURITY_CONTACT):
    raise ImproperlyConfigured(
        f"SECURITY_CONTACT is {SECURITY_CONTACT!r}; write mailto:security@example.com or the https address of a form."
    )
# A call's transcript and a batch of forms fit; a body without end does not.
DATA_UPLOAD_MAX_MEMORY_SIZE = whole("REQUEST_MAX_BYTES", 5_000_000, least=10_000, most=100_000_000)
# Requests of one API key; a whole minute's worth may come at once. 0: no limit.
API_REQUESTS_PER_MINUTE = whole("API_REQUESTS_PER_MINUTE", 12_000, least=0, most=1_000_000)
# Forms that one address may send to the web form endpoint; a whole minute's worth may come at once. 0: no limit.
FORMS_PER_MINUTE = whole("FORMS_PER_MINUTE", 20, least=0, most=100_000)
# No form of ours takes files, and Django would write them to the disk before any view could say so.
FILE_UPLOAD_HANDLERS = ["callhooks_site.security.uploads.NoFiles"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["subscriptions.api.kit.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["subscriptions.api.kit.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["subscriptions.api.kit.throttling.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["subscriptions.api.kit.parsing.StrictJSON"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "subscriptions.api.kit.parsing.OnlyJSON",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PAGINATION_CLASS": "subscriptions.api.kit.paging.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["subscriptions.api.kit.filters.FilterBackend"],
    "EXCEPTION_HANDLER": "subscriptions.api.kit.problems.handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DEFAULT_SCHEMA_CLASS": "subscriptions.api.kit.openapi.Schema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Callhooks",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # It says nothing of any company; who writes a program needs it before there is a key.
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # No outside validator, no key kept in the browser.
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None, "persistAuthorization": False, "deepLinking": True},
    "POSTPROCESSING_HOOKS": ["subscriptions.api.kit.openapi.complete"],
}

# --- events and delivery ----------------------------------------------------------------------------------------
# How long a call's post_call waits for its recording and transcription after the call has ended.
POST_CALL_WAIT_SECONDS = number("POST_CALL_WAIT_SECONDS", 20 * 60, least=0, most=7 * 86_400)
# A call from another system that nothing was heard of for so long is over: the longest call of most providers is four
# hours, and a running call may be silent all that time.
CALL_SILENT_SECONDS = number("CALL_SILENT_SECONDS", 5 * 3600, least=60, most=30 * 86_400)
WEBHOOK_ALLOWED_NETWORKS = several("WEBHOOK_ALLOWED_NETWORKS", [])
for _network in WEBHOOK_ALLOWED_NETWORKS:
    try:
        ip_network(_network)
    except ValueError as error:
        raise ImproperlyConfigured(f"WEBHOOK_ALLOWED_NETWORKS: {error}.") from None
WEBHOOK_REQUIRE_HTTPS = yes_or_no("WEBHOOK_REQUIRE_HTTPS", not DEBUG)
WEBHOOK_CONNECT_TIMEOUT = number("WEBHOOK_CONNECT_TIMEOUT", 5, least=0.1, most=30)
WEBHOOK_TOTAL_TIMEOUT = number("WEBHOOK_TOTAL_TIMEOUT", 15, least=0.2, most=30)
# An egress proxy such as smokescreen: with one, it is the proxy that looks names up and judges their addresses.
WEBHOOK_PROXY = text("WEBHOOK_PROXY", "")
if WEBHOOK_PROXY and (urlsplit(WEBHOOK_PROXY).scheme != "http" or not urlsplit(WEBHOOK_PROXY).hostname):
    # Without what it is: it may hold a password.
    raise ImproperlyConfigured("WEBHOOK_PROXY cannot be used; write it like http://proxy.example.com:4750.")
WEBHOOK_CA_BUNDLE = text("WEBHOOK_CA_BUNDLE", "")
if WEBHOOK_CA_BUNDLE:
    try:
        ssl.create_default_context(cafile=WEBHOOK_CA_BUNDLE)
    except OSError as error:
        raise ImproperlyConfigured(
            f"WEBHOOK_CA_BUNDLE: {WEBHOOK_CA_BUNDLE} cannot be read as a file of certificates in PEM ({error})."
        ) from None
# Factor on all waits between attempts: 1 in production; the tests and the demo may hurry.
RETRY_TIME_SCALE = number("RETRY_TIME_SCALE", 1, least=0.0001, most=10)
# How long a claimed delivery belongs to its drain. What a killed drain held is sent by another after this time.
DELIVERY_LEASE_SECONDS = number("DELIVERY_LEASE_SECONDS", 60, least=3, most=600)
if DELIVERY_LEASE_SECONDS < WEBHOOK_TOTAL_TIMEOUT + 5:
    raise ImproperlyConfigured("DELIVERY_LEASE_SECONDS must be at least WEBHOOK_TOTAL_TIMEOUT + 5.")
# A delivery that waits for longer than this, though nothing keeps it, makes the health checks call somebody.
HEALTH_OLDEST_DUE_SECONDS = number("HEALTH_OLDEST_DUE_SECONDS", 120, least=5, most=86_400)
# A Valkey or Redis that carries the wake-ups; nothing is kept in it, and without it PostgreSQL carries them.
WAKEUP_URL = text("WAKEUP_URL", "")
if WAKEUP_URL and not re.match(r"(redis|rediss|valkey|valkeys|unix)://.", WAKEUP_URL):
    # Without what was given: it may hold a password.
    raise ImproperlyConfigured(
        "WAKEUP_URL must name a Valkey or Redis server: valkey://:password@host:6379/0, valkeys:// with TLS, or "
        "unix:///path/to/socket. Leave it empty, and PostgreSQL carries the wake-ups."
    )
DELIVERY_DRAINS = whole("DELIVERY_DRAINS", 2, least=1, most=64)
DELIVERY_THREADS = whole("DELIVERY_THREADS", 64, least=1, most=128)
DELIVERY_PER_ENDPOINT = whole("DELIVERY_PER_ENDPOINT", 2, least=1, most=64)

# After so many days of nothing but failures a subscription is disabled, and its owner told: a long weekend and a day.
ENDPOINT_DISABLE_DAYS = number("ENDPOINT_DISABLE_DAYS", 5, least=0.01, most=60)
# Failing that long is worth a mail; less is a deploy or a restart.
ENDPOINT_TELL_SECONDS = number("ENDPOINT_TELL_SECONDS", 300, least=0, most=86_400)

# After so many days delivered webhooks leave the log; failed and cancelled ones stay longer. What waits never goes.
RETAIN_DELIVERED_DAYS = number("RETAIN_DELIVERED_DAYS", 30, least=0.01, most=3650)
RETAIN_FAILED_DAYS = number("RETAIN_FAILED_DAYS", 90, least=0.01, most=3650)

# --- mail -------------------------------------------------------------------------------------------------------
try:
    EMAIL_CONFIG = environ.Env.email_url_config(text("EMAIL_URL", "consolemail://" if DEBUG else "smtp://localhost:25"))
except (ValueError, ImproperlyConfigured):
    raise ImproperlyConfigured(
        "EMAIL_URL must name a mail server: smtp+tls://user:password@mail.example.com:587, with special characters "
        "percent-encoded."
    ) from None
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("MAIL_FROM", f"callhooks@{_public.hostname}")

# --- django-q2 --------------------------------------------------------------------------------------------------
# timeout > a drain's budget (60 s) plus the longest request; retry > timeout; see docs/design.md.
Q_CLUSTER = {
    "name": "callhooks",
    "orm": "default",
    "broker_class": "subscriptions.worker.broker.PulsingBroker",
    "workers": whole("CLUSTER_WORKERS", DELIVERY_DRAINS + 1, least=2, most=65),
    "timeout": 120,
    "retry": 240,
    "poll": 1,  # wake-ups go by NOTIFY; the queue itself may be slow
    "ack_failures": True,
    "max_attempts": 3,
    "save_limit": -1,
    "catch_up": False,
    "queue_limit": 2,
    "label": "Background tasks",
}

LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured(f"LOG_LEVEL is {LOG_LEVEL!r}; it must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "callhooks_site.request_ids.WithRequestId"}},
    "formatters": {"line": {"()": "callhooks_site.request_ids.OneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
