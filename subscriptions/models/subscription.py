from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from ..delivery import batching, retry
from ..delivery.credentials import Credentials
from ..delivery.oauth import Client
from ..endpoints.rules import MOVED_WITH_CREDENTIALS, has_moved, validate_events, validate_url
from ..events import versions
from ..events.shapes import formats
from ..events.versions import DEFAULT, LONGEST_NAME
from ..lib.errors import ActionRefused
from .company import Company
from .fields import EncryptedHeadersField, EncryptedTextField, ResourceIdField, one_line

SECRET_PREFIX = "whsec_"
# Times SUBSCRIPTIONS_PER_COMPANY, removed ones included. Their rows stay, for the log, and the sweep looks at each.
MADE_IN_A_DAY = 10
ROTATION_OVERLAP = timedelta(hours=24)  # enough to update a receiver in another time zone


def new_secret() -> str:
    """A Standard Webhooks secret: `whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


class Encoding(models.TextChoices):
    """How a body is sent: as JSON, or as application/x-www-form-urlencoded."""

    JSON = "json", "JSON"
    FORM = "form", "Form fields"


class RetryPolicy(models.TextChoices):
    """Which schedule of retries (`delivery/retry.py`)."""

    STANDARD = retry.STANDARD, "Standard: 10 attempts in about 3 days"
    QUICK = retry.QUICK, "Quick: 7 attempts in under 2 hours"
    PATIENT = retry.PATIENT, "Patient: 12 attempts in about a week"


class SubscriptionManager(models.Manager["Subscription"]):
    """Those that people make, without the endpoints of alert destinations."""

    def get_queryset(self) -> models.QuerySet[Subscription]:
        return super().get_queryset().filter(for_alerts=False)


class Subscription(models.Model):
    """A company's request to send these events to this URL.

    Only active subscriptions are sent to. Events that happen while one is paused or disabled become held deliveries. An
    archived one gets no new events; its deliveries stay in the log.
    """

    # Encrypted fields, which lists and most queries do not load.
    ENCRYPTED = ("secret", "previous_secret", "custom_headers", "auth_user", "auth_password", "auth_token",
                 "auth_client", "client_certificate", "secret_url")  # fmt: skip

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        DISABLED = "disabled", "Disabled"
        ARCHIVED = "archived", "Removed"

    class CallDirection(models.TextChoices):
        BOTH = "both", "Inbound and outbound"
        INBOUND = "inbound", "Inbound only"
        OUTBOUND = "outbound", "Outbound only"

    # The endpoint of an alert destination (`models/alerts.py`): `objects` and so all lists leave it out.
    for_alerts = models.BooleanField(default=False, db_default=False, editable=False)
    # Of these the whole URL; `url` has only its beginning.
    secret_url = EncryptedTextField(blank=True, default="", db_default="", editable=False)

    resource_id = ResourceIdField(prefix="SUB")
    company = models.ForeignKey(Company, models.PROTECT, related_name="subscriptions")
    name = models.CharField(max_length=100, validators=[one_line], help_text="Your own name for it, for example: CRM.")
    url = models.CharField(
        "URL", max_length=2048, help_text="Where the webhooks go, for example https://example.com/hooks."
    )
    events = ArrayField(models.CharField(max_length=40), help_text="What to send.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(max_length=300, blank=True, editable=False)
    state_changed_at = models.DateTimeField(db_default=Now(), editable=False)
    # Resumed, and its held deliveries are being released (`delivery/outbox/holding.py`). Those created before
    # `drop_held_before` are cancelled instead.
    releasing = models.BooleanField(default=False, db_default=False, editable=False)
    drop_held_before = models.DateTimeField(null=True, blank=True, editable=False)
    # Resumed, and becomes active once the deliveries to be dropped are all held.
    resuming = models.BooleanField(default=False, db_default=False, editable=False)
    secret = EncryptedTextField(default=new_secret, editable=False)
    previous_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    custom_headers = EncryptedHeadersField(
        blank=True, default=dict, db_default="", editable=False, help_text="More headers for your server to read."
    )
    # User and password (basic authentication), a bearer token, or a client to get one with: see
    # `endpoints.rules.validate_credentials`.
    auth_user = EncryptedTextField("user", blank=True, default="", db_default="", editable=False)
    auth_password = EncryptedTextField("password", blank=True, default="", db_default="", editable=False)
    auth_token = EncryptedTextField("bearer token", blank=True, default="", db_default="", editable=False)
    # The OAuth client that gets one (`delivery/oauth.py`), as JSON.
    auth_client = EncryptedTextField("OAuth client", blank=True, default="", db_default="", editable=False)
    # The private key and the certificate chain in one text, because one is useless without the other.
    client_certificate = EncryptedTextField(blank=True, default="", db_default="", editable=False)
    # Which bodies it gets (`events/versions.py`), and how they are written.
    payload_version = models.CharField(max_length=LONGEST_NAME, default=DEFAULT, db_default=DEFAULT)
    encoding = models.CharField(
        max_length=4,
        choices=Encoding.choices,
        default=Encoding.JSON,
        db_default=Encoding.JSON.value,
        help_text="As what the body is sent: JSON, or fields of a form, with lists and objects as JSON.",
    )
    call_direction = models.CharField(
        "calls",
        max_length=10,
        choices=CallDirection.choices,
        default=CallDirection.BOTH,
        db_default=CallDirection.BOTH.value,
        help_text="Whose Post-Call and Call Modified: those of inbound calls, of outbound calls, or of both.",
    )
    # What an event has to meet to be sent (`events/conditions.py`); null: the company's default, or nothing.
    conditions = models.JSONField(null=True, blank=True, editable=False)
    # What it asks of its bodies beside their version (`events/shapes`); null: nothing.
    shape = models.JSONField(null=True, blank=True, editable=False)
    ordered = models.BooleanField(
        "in order",
        default=False,
        db_default=False,
        help_text="Send the events of one call one after the other: a later one waits until the earlier one is "
        "delivered or has failed.",
    )
    retry_policy = models.CharField(
        "retries",
        max_length=8,
        choices=RetryPolicy.choices,
        default=RetryPolicy.STANDARD,
        db_default=RetryPolicy.STANDARD.value,
        help_text="How often, and for how long, a webhook that fails is tried again.",
    )
    retry_refusals = models.BooleanField(
        "try again after a refusal",
        default=True,
        db_default=True,
        help_text="Off: an answer 400 to 499 is the end, except 408, 425 and 429, which ask for another try.",
    )
    send_traceparent = models.BooleanField(
        "send trace context",
        default=False,
        db_default=False,
        help_text="Send the header traceparent (W3C Trace Context), so that the traces of your server continue ours.",
    )
    # Several events in one request (`delivery/batching.py`); null: each has its own.
    batch_events = models.PositiveSmallIntegerField(
        "events in one request",
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(batching.MOST_EVENTS)],
        help_text=f"Several events in one request, as a list, for a server that is paid by the request: 2 to "
        f"{batching.MOST_EVENTS} at most. Empty: each event has a request of its own.",
    )
    batch_seconds = models.PositiveSmallIntegerField(
        "wait for others, seconds",
        default=10,
        db_default=10,
        validators=[MinValueValidator(1), MaxValueValidator(batching.LONGEST_WAIT)],
        help_text=f"How long an event waits for others to go with it: 1 to {batching.LONGEST_WAIT} seconds, or until "
        "there are as many as may go.",
    )
    batch_lines = models.BooleanField(
        "as JSON Lines",
        default=False,
        db_default=False,
        help_text="One event per line (application/x-ndjson) in the place of a JSON list.",
    )
    rate_per_minute = models.PositiveIntegerField(
        "at most per minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Requests. Empty: as fast as your server answers.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    objects: ClassVar[SubscriptionManager] = SubscriptionManager()
    with_alerts: ClassVar[models.Manager[Subscription]] = models.Manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            # To find the subscriptions that get an event: those of its company that are not archived.
            models.Index("company", condition=~models.Q(state="archived"), name="subscription_fan_out"),
            # To list those that were switched off, of all companies.
            models.Index("id", condition=models.Q(state="disabled"), name="subscription_disabled"),
            # To find, every second, the subscriptions whose held deliveries are being released.
            models.Index("id", condition=models.Q(releasing=True), name="subscription_releasing"),
        ]

    def __str__(self) -> str:
        return self.name

    def why_no_batches(self) -> str:
        """Why it cannot get several events in one request, though it asks for it; empty if it can."""
        if self.batch_events is None:
            return ""
        return formats.why_alone(self.shape, self.encoding, lines=self.batch_lines)

    @property
    def credentials(self) -> Credentials:
        return Credentials(
            self.custom_headers,
            self.auth_user,
            self.auth_password,
            self.auth_token,
            self.client_certificate,
            Client.stored(self.auth_client),
        )

    @credentials.setter
    def credentials(self, given: Credentials) -> None:
        """Expects validated credentials: see `endpoints.rules.validate_credentials`."""
        self.custom_headers = dict(given.headers)
        self.auth_user, self.auth_password, self.auth_token = given.user, given.password, given.token
        self.client_certificate = given.certificate
        self.auth_client = given.client.as_text() if given.client is not None else ""

    def clean(self) -> None:
        errors = {}
        try:
            self.url = validate_url(self.url)
        except ValueError as error:
            errors["url"] = str(error)
        stored = Subscription.objects.filter(pk=self.pk).first() if self.pk and not errors else None
        kept = stored is not None and bool(stored.credentials) and stored.credentials == self.credentials
        if stored is not None and kept and has_moved(stored.url, self.url):
            errors["url"] = MOVED_WITH_CREDENTIALS
        try:
            versions.validate(self.payload_version)
        except ValueError as error:
            errors["payload_version"] = str(error)
        try:
            self.events = validate_events(self.events or [])
        except ValueError as error:
            errors["events"] = str(error)
        if why := self.why_no_batches():
            errors["batch_events"] = why
        if errors:
            raise ValidationError(errors)
        if self._state.adding and self.company_id:
            try:
                self._check_limit()
            except ActionRefused as error:
                raise ValidationError(str(error)) from None

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            with transaction.atomic():
                self._check_limit()
                return super().save(*args, **kwargs)
        known = Subscription.with_alerts.filter(pk=self.pk).values_list("url", flat=True).first()
        super().save(*args, **kwargs)
        if known is not None and known != self.url:
            apps.get_model("subscriptions", "EndpointHealth").objects.forget(self.pk)

    @transaction.atomic
    def _check_limit(self) -> None:
        """Raises ActionRefused if the company has as many subscriptions as it may have. Locks the company's row until
        the transaction ends: of two that add the last one at the same moment, the second waits and is refused."""
        most = settings.SUBSCRIPTIONS_PER_COMPANY
        if not most or self.state == self.State.ARCHIVED or self.for_alerts:
            return
        Company.objects.select_for_update(no_key=True).filter(pk=self.company_id).values_list("pk").first()
        every = Subscription.objects.filter(company=self.company_id)
        if every.filter(created_at__gt=Now() - timedelta(days=1)).count() >= MADE_IN_A_DAY * most:
            raise ActionRefused(
                f"The company has added {MADE_IN_A_DAY * most:,} subscriptions in 24 hours, and removed most of them. "
                "Change the ones that are there, or wait."
            )
        count = every.exclude(state=self.State.ARCHIVED).count()
        if count >= most:
            raise ActionRefused(
                f"The company has {count} subscriptions, and {most} is the most it may have. Remove one that is no "
                "longer needed, or ask the operator of this service to raise SUBSCRIPTIONS_PER_COMPANY."
            )

    @property
    def secrets(self) -> list[str]:
        """The secrets to sign with now: the current one, and the previous one until its overlap ends."""
        if self.previous_secret and self.previous_secret_until and self.previous_secret_until > timezone.now():
            return [self.secret, self.previous_secret]
        return [self.secret]
