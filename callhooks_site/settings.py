"""All settings, from the environment; docs/settings.md lists them. A missing or wrong one stops the start."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from . import databases, installation, json_logs
from . import environment as env

BASE_DIR = installation.ROOT

# --- identity and secrets ---------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.required("SECRET_KEY", "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'")
PUBLIC_URL = env.required(
    "PUBLIC_URL",
    "It is the address people and programs reach this service at, such as https://hooks.example.com",
).rstrip("/")
_public = env.parse_public_url(PUBLIC_URL)
_host = str(_public.hostname)
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", [_host])
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
FIELD_ENCRYPTION_KEYS = env.parse_encryption_keys(
    env.required(
        "FIELD_ENCRYPTION_KEYS",
        "It holds the Fernet keys that encrypt stored secrets, newest first, separated by commas. Make one with: "
        "python -c 'import base64,os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
    )
)
if DEBUG:
    env.check_debug_is_local(PUBLIC_URL, _host)
else:
    env.check_production(
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
        allowed_hosts=ALLOWED_HOSTS,
        encryption_keys=FIELD_ENCRYPTION_KEYS,
    )

# --- applications -----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "callhooks_site.apps.CallhooksAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before django_q, so that our qcluster command replaces its own.
    "subscriptions",
    "calls",
    "messaging",
    "forms_intake",
    "callhooks_site.payload_versions",
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
    "callhooks_site.vendor_api",
    "callhooks_site.reports",
    "callhooks_site.intake.vendor_import",
    "callhooks_site.activity",
    "callhooks_site.privacy",
    "callhooks_site.configuration",
    # Its commands create demo data, which must not be possible in production.
    *(["callhooks_site.devtools"] if DEBUG else []),
]
MIDDLEWARE = [
    "callhooks_site.request_ids.request_ids",
    "callhooks_site.metrics.requests.count_requests",
    "callhooks_site.security.headers.browser_rules",
    "django.middleware.security.SecurityMiddleware",
    "callhooks_site.security.people.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Side by side: programs go past them in one step.
    "callhooks_site.security.people.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "callhooks_site.security.people.AuthenticationMiddleware",
    "callhooks_site.security.people.OTPMiddleware",
    "callhooks_site.security.people.MessageMiddleware",
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
            "libraries": {"callhooks": "subscriptions.admin.kit.template_tags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database ---------------------------------------------------------------------------------------------------
_web_url = env.required("DATABASE_URL", "It names the PostgreSQL database: postgres://user:password@host:5432/name")
# PostgreSQL itself, past the pooler that DATABASE_URL may lead to.
_direct_url = env.string("DATABASE_DIRECT_URL", _web_url)
DATABASE_HAS_POOLER = _direct_url != _web_url
DATABASE_FOR_WEB = databases.parse_database_url("DATABASE_URL", _web_url)
DATABASE_DIRECT = (
    databases.parse_database_url("DATABASE_DIRECT_URL", _direct_url) if DATABASE_HAS_POOLER else DATABASE_FOR_WEB
)
DATABASES = {"default": DATABASE_FOR_WEB if databases.serves_web else DATABASE_DIRECT}
# A standby that follows it: reports and files are read there, up to so many seconds late (`subscriptions/replica`).
_replica_url = env.string("DATABASE_REPLICA_URL", "")
DATABASE_REPLICA_LAG_SECONDS = env.number("DATABASE_REPLICA_LAG_SECONDS", 10, least=1, most=3600)
if _replica_url:
    databases.check_replica_is_another(_replica_url, _web_url, _direct_url)
    DATABASES["replica"] = databases.parse_replica_url("DATABASE_REPLICA_URL", _replica_url)
    DATABASE_ROUTERS = ["subscriptions.replica.router.Router"]
# Behind a pooler that hands each transaction to another server connection they work only if it knows them.
DATABASE_PREPARED_STATEMENTS_IN_WEB = env.boolean("DATABASE_PREPARED_STATEMENTS", not DATABASE_HAS_POOLER)
DATABASE_PREPARED_STATEMENTS = DATABASE_PREPARED_STATEMENTS_IN_WEB or (DATABASE_HAS_POOLER and not databases.serves_web)
# gunicorn.conf.py has both, too: each thread may open a connection.
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", 3, least=1, most=200)
WEB_THREADS = 12
# A new timeline alone makes no copy if a drain worked so many seconds before. 0: a promoted standby needs a release.
DATABASE_FAILOVER_SECONDS = env.number("DATABASE_FAILOVER_SECONDS", 0, least=0, most=86_400)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- language, time, static files -------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["callhooks_site.formats"]
STATIC_URL = "static/"
STATIC_ROOT = Path(env.string("STATIC_ROOT", "") or installation.STATIC_ROOT)
STATICFILES_DIRS = [Path(__file__).resolve().parent / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Source maps are two thirds of what collectstatic would compress, and only a developer's tools ask for one.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
# In tests too, because they have no folder of collected files.
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
# The first one only refuses logins after too many failures.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "callhooks_site.security.logins.LoginGuard"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]  # limits: security/logins.py
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
# A lockout always ends, even during an attack. And logging in to their own account gives attackers no new attempts.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = False
AXES_LOCKOUT_CALLABLE = "callhooks_site.security.logins.locked_out"
AXES_CLIENT_IP_CALLABLE = "callhooks_site.security.client_address.client_address"
AXES_CLIENT_STR_CALLABLE = "callhooks_site.security.logins.who"
AXES_DISABLE_ACCESS_LOG = True  # logins are in the log; a table of them would grow forever
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
if not DEBUG:
    # Browsers accept cookies with this prefix only from this host over https, so subdomains cannot set them.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 0 if DEBUG else 31_536_000, least=0, most=63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
BEHIND_TLS_PROXY = env.boolean("BEHIND_TLS_PROXY", False)
# How many of our proxies write to X-Forwarded-For: only that many entries, from its end, can be trusted.
PROXY_COUNT = env.integer("PROXY_COUNT", 1 if BEHIND_TLS_PROXY else 0, least=0, most=10)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Where to report a vulnerability: published at /.well-known/security.txt.
SECURITY_CONTACT = env.string("SECURITY_CONTACT", "")
env.check_contact(SECURITY_CONTACT)
# Enough for a call's transcript and a batch of forms.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("REQUEST_MAX_BYTES", 5_000_000, least=10_000, most=100_000_000)
# Requests of one API key; a minute's worth may come at once. 0: no limit.
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 12_000, least=0, most=1_000_000)
# Forms from one address to the web form endpoint; a minute's worth may come at once. 0: no limit.
FORMS_PER_MINUTE = env.integer("FORMS_PER_MINUTE", 20, least=0, most=100_000)
# Our forms do not accept files, and Django would write them to disk before a view could refuse them.
FILE_UPLOAD_HANDLERS = ["callhooks_site.security.uploads.NoFiles"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["subscriptions.api.kit.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["subscriptions.api.kit.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["subscriptions.api.kit.throttling.ApiKeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["subscriptions.api.kit.etags.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["subscriptions.api.kit.parsing.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "subscriptions.api.kit.parsing.JSONNegotiation",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PAGINATION_CLASS": "subscriptions.api.kit.paging.TimeCursorPagination",
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
    # It has no company's data, and developers need it before they have a key.
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # No external validator, and no key stored in the browser.
    "SWAGGER_UI_SETTINGS": {
        "validatorUrl": None,
        "persistAuthorization": False,
        "deepLinking": True,
        "defaultModelsExpandDepth": -1,  # each operation shows its own
        "displayRequestDuration": True,
    },
    "POSTPROCESSING_HOOKS": [
        "subscriptions.api.kit.openapi.add_problems_and_webhooks",
        "callhooks_site.api_reference.document.complete",
    ],
    "GET_LIB_DOC_EXCLUDES": "subscriptions.api.kit.openapi.list_classes_without_public_docs",
}

# --- events and delivery ----------------------------------------------------------------------------------------
# How long a call's post_call waits for its recording and transcription after the call has ended.
POST_CALL_WAIT_SECONDS = env.number("POST_CALL_WAIT_SECONDS", 20 * 60, least=0, most=7 * 86_400)
# How long post_call waits after a provider's callbacks reported the end of a call that has no recording to wait for.
# The callbacks of its leg and its voicemail come within seconds of the end, in any order.
POST_CALL_SETTLE_SECONDS = env.number("POST_CALL_SETTLE_SECONDS", 15, least=0, most=600)
# A call of another system is closed after this long without news. Most providers limit calls to four hours, and there
# may be no news during a call.
CALL_SILENT_SECONDS = env.number("CALL_SILENT_SECONDS", 5 * 3600, least=60, most=30 * 86_400)
WEBHOOK_ALLOWED_NETWORKS = env.items("WEBHOOK_ALLOWED_NETWORKS", [])
env.check_networks("WEBHOOK_ALLOWED_NETWORKS", WEBHOOK_ALLOWED_NETWORKS)
WEBHOOK_REQUIRE_HTTPS = env.boolean("WEBHOOK_REQUIRE_HTTPS", not DEBUG)
WEBHOOK_CONNECT_TIMEOUT = env.number("WEBHOOK_CONNECT_TIMEOUT", 5, least=0.1, most=30)
WEBHOOK_TOTAL_TIMEOUT = env.number("WEBHOOK_TOTAL_TIMEOUT", 15, least=0.2, most=30)
# An egress proxy such as smokescreen. The proxy then resolves names and decides which addresses are allowed.
WEBHOOK_PROXY = env.string("WEBHOOK_PROXY", "")
env.check_proxy(WEBHOOK_PROXY)
WEBHOOK_CA_BUNDLE = env.string("WEBHOOK_CA_BUNDLE", "")
env.check_ca_bundle(WEBHOOK_CA_BUNDLE)
# A factor for all waits between attempts: 1 in production, less in tests and in the demo.
RETRY_TIME_SCALE = env.number("RETRY_TIME_SCALE", 1, least=0.0001, most=10)
# How long a claimed delivery belongs to its drain. If the drain is killed, another sends it after this time.
DELIVERY_LEASE_SECONDS = env.number("DELIVERY_LEASE_SECONDS", 60, least=3, most=600)
if DELIVERY_LEASE_SECONDS < WEBHOOK_TOTAL_TIMEOUT + 5:
    raise ImproperlyConfigured("DELIVERY_LEASE_SECONDS must be at least WEBHOOK_TOTAL_TIMEOUT + 5.")
# Health checks fail when a delivery has been due for this long, though it could be sent.
HEALTH_OLDEST_DUE_SECONDS = env.number("HEALTH_OLDEST_DUE_SECONDS", 120, least=5, most=86_400)
# A Valkey or Redis for the wake-ups. It stores nothing; without it PostgreSQL carries them.
WAKEUP_URL = env.string("WAKEUP_URL", "")
env.check_wakeup_url(WAKEUP_URL)
DELIVERY_DRAINS = env.integer("DELIVERY_DRAINS", 2, least=1, most=64)
# Requests that one drain has under way at most.
DELIVERY_IN_FLIGHT = env.integer("DELIVERY_IN_FLIGHT", 2500, least=1, most=20_000)
# Of these, to one subscription: the number begins at two, and how long the receiver takes decides.
DELIVERY_PER_ENDPOINT = env.integer("DELIVERY_PER_ENDPOINT", 8, least=1, most=64)
# To one host, of one company, by all drains together: requests under way, and each second. 0: no limit.
DELIVERY_HOST_IN_FLIGHT = env.integer("DELIVERY_HOST_IN_FLIGHT", 64, least=0, most=20_000)
DELIVERY_HOST_RATE = env.integer("DELIVERY_HOST_RATE", 100, least=0, most=100_000)
# Removed ones do not count. 0: no limit.
SUBSCRIPTIONS_PER_COMPANY = env.integer("SUBSCRIPTIONS_PER_COMPANY", 100, least=0, most=100_000)

# A subscription is disabled after this many days of only failures: a long weekend and a day.
ENDPOINT_DISABLE_DAYS = env.number("ENDPOINT_DISABLE_DAYS", 5, least=0.01, most=60)
# An alert is sent after this long. Shorter failures are usually a deploy or a restart.
ENDPOINT_TELL_SECONDS = env.number("ENDPOINT_TELL_SECONDS", 300, least=0, most=86_400)

# Days until delivered webhooks are deleted from the log; failed and cancelled ones stay longer. Waiting ones always
# stay.
RETAIN_DELIVERED_DAYS = env.number("RETAIN_DELIVERED_DAYS", 30, least=0.01, most=3650)
RETAIN_FAILED_DAYS = env.number("RETAIN_FAILED_DAYS", 90, least=0.01, most=3650)
# Of calls, texts and forms, of all companies; one may keep its own for less. 0: no end.
RETAIN_CONTACTS_DAYS = env.integer("RETAIN_CONTACTS_DAYS", 0, least=0, most=3650)

# --- mail -------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.parse_email_url(env.string("EMAIL_URL", "consolemail://" if DEBUG else "smtp://localhost:25"))
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.string("MAIL_FROM", f"callhooks@{_host}")

# --- django-q2 --------------------------------------------------------------------------------------------------
# timeout > a drain's budget (60 s) plus the longest request; retry > timeout; see docs/design.md.
Q_CLUSTER = {
    "name": "callhooks",
    "orm": "default",
    "broker_class": "subscriptions.worker.broker.HeartbeatBroker",
    "workers": env.integer("CLUSTER_WORKERS", DELIVERY_DRAINS + 1, least=2, most=65),
    "timeout": 120,
    "retry": 240,
    "poll": 1,  # wake-ups use NOTIFY; the queue itself can be slow
    "ack_failures": True,
    "max_attempts": 3,
    "save_limit": -1,
    "catch_up": False,
    "queue_limit": 2,
    "label": "Background tasks",
}

# --- monitoring and logs ----------------------------------------------------------------------------------------
# Who may read /metrics: whoever sends the token, or asks from one of the networks. Without either, nobody.
METRICS_TOKEN = env.string("METRICS_TOKEN", "")
env.check_metrics_token(METRICS_TOKEN)
METRICS_NETWORKS = env.items("METRICS_NETWORKS", [])
env.check_metrics_networks(METRICS_NETWORKS)
# Where traces of events go (docs/monitoring.md). Empty: there are none, and nothing of OpenTelemetry is imported.
OTEL_EXPORTER_OTLP_ENDPOINT = env.string("OTEL_EXPORTER_OTLP_ENDPOINT", "")
env.check_trace_collector(OTEL_EXPORTER_OTLP_ENDPOINT)
if OTEL_EXPORTER_OTLP_ENDPOINT:
    MIDDLEWARE.insert(0, "callhooks_site.request_spans.trace_requests")
# Of all events, the share that is traced.
OTEL_TRACES_SAMPLER_ARG = env.number("OTEL_TRACES_SAMPLER_ARG", 1, least=0, most=1)
# Milliseconds that a span waits for others of its process; one that is killed loses them.
OTEL_BSP_SCHEDULE_DELAY = env.integer("OTEL_BSP_SCHEDULE_DELAY", 1_000, least=10, most=600_000)
LOG_LEVEL = env.string("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured(f"LOG_LEVEL is {LOG_LEVEL!r}; it must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
# text: for people. json: one object a line, for programs (`json_logs.py`).
LOG_FORMAT = env.string("LOG_FORMAT", "text")
env.check_log_format(LOG_FORMAT)
if LOG_FORMAT == "json":
    json_logs.log_everything()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "callhooks_site.request_ids.WithRequestId"}},
    "formatters": {
        "text": {"()": "callhooks_site.request_ids.OneLine"},
        "json": {"()": "callhooks_site.json_logs.JsonLine"},
    },
    "handlers": {
        "text": {"class": "logging.StreamHandler", "formatter": "text", "filters": ["request_id"]},
        "json": {"class": "callhooks_site.json_logs.OneWrite", "formatter": "json", "filters": ["request_id"]},
    },
    "root": {"handlers": [LOG_FORMAT], "level": LOG_LEVEL},
    # Django's own handler would write each of its lines once more with DEBUG, as it likes.
    "loggers": {"django": {"handlers": []}},
}
