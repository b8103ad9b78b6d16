"""The demo company of `./dev run`, with the login that the terminal shows. It is kept from one start to the next."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from calls.models import Tracker
from subscriptions.endpoints import operations
from subscriptions.events import catalogue, versions
from subscriptions.models import ApiKey, Company, Membership, Subscription

from ..intake.providers.callback_urls import VOICE, build_url
from ..intake.providers.models import IngestSource

COMPANY = "Example Dental"
USER = "demo@example.com"
OPERATOR = "operator@example.com"
SUBSCRIPTION = "Demo receiver"
VERSIONS = "DEMO_VERSIONS"  # which payload versions the receiver is subscribed in; all of them without it
SOURCE = "Demo Twilio"
TRACKERS = (
    ("+14045550100", "Google Ads", "google_paid"),
    ("+14045550101", "Web site", "google_organic"),
    ("+14045550102", "Yellow pages", "direct"),
)


def prepare() -> Path:
    """Create what is missing and write `demo.json` (readable only by its owner). Returns its path."""
    var = Path(os.environ.get("CALLHOOKS_VAR", settings.BASE_DIR / "var"))
    path = var / "demo.json"
    known = _read(path)
    with transaction.atomic():
        company, _ = Company.objects.get_or_create(name=COMPANY, defaults={"time_zone": "America/New_York"})
        password = make_login(USER, known.get("password", ""), superuser=False)
        operator_password = make_login(OPERATOR, known.get("operator_password", ""), superuser=True)
        Membership.objects.get_or_create(
            company=company, user=User.objects.get(username=USER), defaults={"role": Membership.Role.OWNER}
        )
        for phone_number, name, source in TRACKERS:
            Tracker.objects.get_or_create(
                company=company,
                phone_number=phone_number,
                defaults={"name": name, "source": source, "destination_number": "+14045550199"},
            )
        wanted = _wanted_versions()
        subscriptions = [_subscription(company, version) for version in wanted]
        subscription = subscriptions[0]
        _remove_others(company, wanted)
        api_key = _api_key(company, known.get("api_key", ""))
        ingest = _source(company)
    var.mkdir(parents=True, exist_ok=True)
    write(
        path,
        {
            **{name: value for name, value in known.items() if name.startswith("month_")},
            "company": company.name,
            "company_resource_id": company.resource_id,
            "user": USER,
            "password": password,
            "operator": OPERATOR,
            "operator_password": operator_password,
            "api_key": api_key,
            "admin_url": f"{settings.PUBLIC_URL}/admin/",
            "api_url": f"{settings.PUBLIC_URL}/api/v1",
            "receiver_url": subscription.url,
            "signing_key": company.signing_key,
            "subscription_secret": subscription.secret,
            "payload_versions": wanted,
            "twilio": {
                "url": build_url(ingest, VOICE).removesuffix(f"/{VOICE}"),
                "account_sid": ingest.account_sid,
                "auth_token": ingest.auth_token,
            },
            "tracking_numbers": [{"phone_number": number, "name": name} for number, name, _ in TRACKERS],
        },
    )
    return path


def make_login(username: str, password: str, *, superuser: bool) -> str:
    """Make sure that the user exists with a known password: the given one if it is right, or a new one. Returns it."""
    user, _ = User.objects.get_or_create(
        username=username, defaults={"email": username, "is_staff": True, "is_superuser": superuser}
    )
    if not password or not user.check_password(password):
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save()
    return password


def _api_key(company: Company, known: str) -> str:
    if known and ApiKey.objects.filter(hashed=ApiKey.hash(known), company=company, revoked_at=None).exists():
        return known
    return ApiKey.objects.issue(company=company, name="Demo")[1]


def _source(company: Company) -> IngestSource:
    """A made-up Twilio account: `./dev demo --through twilio` signs with its token."""
    source = IngestSource.objects.filter(company=company, name=SOURCE).first()
    if source is None:
        source = IngestSource(company=company, name=SOURCE, account_sid=f"AC{secrets.token_hex(16)}")
        source.auth_token = secrets.token_hex(16)
        source.full_clean()
        source.save()
    return source


def _wanted_versions() -> list[str]:
    """The payload versions in DEMO_VERSIONS, separated by commas."""
    known = [version.name for version in versions.all_versions()]
    wanted = [name.strip() for name in os.environ.get(VERSIONS, "").split(",") if name.strip()] or known
    for name in wanted:
        if name not in known:
            raise SystemExit(f"{VERSIONS} names {name!r}. Use one or more of {', '.join(known)}, separated by commas.")
    return wanted


def _subscription(company: Company, version: str) -> Subscription:
    """The subscription to the demo receiver in this version, with its current port. All of them sign with one secret,
    so that the receiver needs to know only one."""
    name = f"{SUBSCRIPTION} {version}"
    mine = Subscription.objects.filter(company=company, name__startswith=SUBSCRIPTION)
    mine = mine.exclude(state=Subscription.State.ARCHIVED)
    subscription = mine.filter(name=name).first()
    if subscription is None:
        subscription = Subscription(company=company, name=name, payload_version=version)
        subscription.events = [event_type.name for event_type in catalogue.main_types()]
        if other := mine.first():
            subscription.secret = other.secret
    subscription.url = f"http://127.0.0.1:{os.environ.get('RECEIVER_PORT', '8001')}/webhooks/{version}"
    subscription.payload_version = version
    subscription.full_clean()
    subscription.save()
    return subscription


def _remove_others(company: Company, wanted: list[str]) -> None:
    """Those of versions that are no longer wanted, and of a demo from before there were versions."""
    mine = Subscription.objects.filter(company=company, name__startswith=SUBSCRIPTION)
    kept = [f"{SUBSCRIPTION} {version}" for version in wanted]
    for subscription in mine.exclude(state=Subscription.State.ARCHIVED).exclude(name__in=kept):
        operations.archive(subscription)


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def write(path: Path, content: dict[str, Any]) -> None:
    # Create it unreadable for others before writing, and rename it when it is complete.
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    new.replace(path)
