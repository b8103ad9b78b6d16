"""For tests of the admin: two tenants with a row of everything, and forms filled in as a browser would."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from callhooks_site.activity.models import SavedView
from callhooks_site.intake.imports import stored_lines
from callhooks_site.intake.imports.models import ImportFault, ImportJob, ImportPiece, RememberedMapping
from callhooks_site.intake.providers.models import IngestSource, ProviderCall, RefusedCallback
from callhooks_site.privacy.models import Erasure, KeptDays
from calls.models import Call, Person, Tag
from forms_intake.models import FormRefusal, FormSource
from messaging.models import Thread
from subscriptions.endpoints import test_events
from subscriptions.models import (
    AlertDestination,
    ApiKey,
    Attempt,
    AuditEntry,
    Company,
    Delivery,
    EndpointIssue,
    Event,
    FeedConsumer,
    Invitation,
    Manifest,
    Membership,
    ResendJob,
)
from subscriptions.tenancy import audit_log, members
from tests.support import factories
from tests.support.alerts import make_destination

# In every text of the other tenant, and nowhere else.
MARK = "zq7othertenant"
OTHER_PHONE = "+19725550177"


class Rows(Mapping[type[Model], Model]):
    """A row by its model. One that is given as a function is looked up when it is asked for."""

    def __init__(self, given: Mapping[type[Model], Model | Callable[[], Model]]) -> None:
        self._given = given

    def __getitem__(self, model: type[Model]) -> Model:
        found = self._given[model]
        return found if isinstance(found, Model) else found()

    def __contains__(self, model: object) -> bool:
        return model in self._given

    def __iter__(self) -> Iterator[type[Model]]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


class Tenant:
    """A company with one row of everything that the admin shows; `rows` by model."""

    def __init__(self, name: str, phone: str) -> None:
        self.company = factories.make_company(name)
        self.admin = factories.make_member(self.company, "admin", username=f"{name}-admin@example.com")
        self.tracker = factories.make_tracker(self.company, name=f"{name} ads", source=f"{name}_paid")
        url = f"http://127.0.0.1:9999/{name}"
        self.subscription = factories.make_subscription(self.company, url=url, name=f"{name} CRM")
        self.alerts = make_destination(
            self.company, "slack", f"{url}/alerts", name=f"{name} chat", alerts=["failing", "summary"]
        )
        self.tag = Tag.objects.create(company=self.company, name=f"{name} tag")
        said = {"customer_phone_number": phone, "customer_name": f"{name} customer"}
        self.call = factories.ended_call(self.company, self.tracker, note=f"{name} note", **said)
        self.call.tags.add(self.tag)
        self.text = factories.make_text(self.company, self.tracker, customer_phone_number=phone, content=f"{name} text")
        self.form = factories.make_form(self.company, form_data={"name": f"{name} person", "phone": phone})
        self.key, self.key_secret = ApiKey.objects.issue(company=self.company, name=f"{name} key")
        self.source = IngestSource.objects.create(
            company=self.company, name=f"{name} Twilio", account_sid="AC" + "0" * 32, auth_token=f"{name}-token"
        )
        self.provider_call = ProviderCall.objects.create(
            company=self.company,
            source=self.source,
            sid=f"CB{name}",
            call=self.call,
            facts={"parties": {"from": phone}},
        )
        self.refusal = RefusedCallback.objects.create(
            company=self.company, source=self.source, reason="number", detail=f"{name} detail", place="voice",
            method="POST", body=f"From={name}".encode(), content_type="application/x-www-form-urlencoded",
            subject_sid=f"CA{name}", fingerprint=name,
        )  # fmt: skip
        self.form_source = FormSource.objects.create(company=self.company, name=f"{name} web site")
        self.form_refusal = FormRefusal.objects.create(
            company=self.company, source=self.form_source, reason="site", detail=f"{name} detail", fingerprint=name,
            origin=f"https://{name}.example.com", form={"fields": {"name": f"{name} person"}},
        )  # fmt: skip
        self.delivery = Delivery.objects.filter(company=self.company).order_by("pk")[0]
        self.attempt = Attempt.objects.create(
            delivery=self.delivery,
            number=1,
            outcome="failed",
            started_at=timezone.now(),
            url=url,
            message=f"{name} message",
            response_body=f"{name} response".encode(),
        )
        Delivery.objects.filter(pk=self.delivery.pk).update(reason=f"{name} reason", attempts=1)
        day = timezone.now()
        self.resend_job = ResendJob.objects.create(
            company=self.company, subscription=self.subscription, since=day, until=day, states=["failed"], state="done"
        )
        self.issue = EndpointIssue.objects.create(
            company=self.company, subscription=self.subscription, answer=f"{name} answer", note=f"{name} note"
        )
        self.import_job = ImportJob.objects.create(
            company=self.company, kind="calls", file_name=f"{name}.csv", source=name, state="mapping", lines=1, wrong=1,
            requested_by=self.admin, columns=[f"{name} column"], mapping={"columns": {f"{name} column": "note"}},
            note=f"{name} sheet", left_out_reasons={f"{name} reason": 1},
        )  # fmt: skip
        ImportPiece.objects.create(
            job=self.import_job, number=0, lines=stored_lines.pack([[2, {f"{name} column": f"{name} value"}, ""]])
        )
        RememberedMapping.objects.create(company=self.company, signature=name, mapping={"preset": name})
        ImportFault.objects.create(job=self.import_job, line=2, where="note", words=f"{name} fault")
        self.test_delivery = test_events.send_test(self.subscription, "post_call")
        self.invitation, self.token = members.invite(
            company=self.company, email=f"{name.lower()}-new@example.com", role="viewer", by=self.admin
        )
        self.consumer = FeedConsumer.objects.create(
            company=self.company, name=name.lower(), subscription=self.subscription
        )
        self.manifest = Manifest.objects.create(
            company=self.company, subscription=self.subscription, day=day.date(), number=1,
            document=f'{{"of": "{name}"}}'.encode(),
        )  # fmt: skip
        self.view = SavedView.objects.create(company=self.company, name=f"{name} view", query="since=7d")
        self.erasure = Erasure.objects.create(
            company=self.company, state="done", requested_name=f"{name} owner", counts={f"{name} calls": 1},
            hosts={f"{name}.example.com": 1},
        )  # fmt: skip
        self.kept_days = KeptDays.objects.create(company=self.company, calls=700)
        actor = audit_log.Actor(f"{name} actor", user=self.admin)
        self.audited = audit_log.record(actor, f"{name} act", self.call, detail=f"{name} detail")
        LogEntry.objects.log_actions(self.admin.pk, [self.call], CHANGE, change_message=f"{name} history")

    @property
    def rows(self) -> Mapping[type[Model], Model]:
        mine = {"company": self.company}
        return Rows({
            Company: self.company,
            type(self.subscription): self.subscription,
            type(self.tracker): self.tracker,
            Tag: self.tag,
            Call: self.call,
            type(self.text): self.text,
            type(self.form): self.form,
            AlertDestination: self.alerts,
            ApiKey: self.key,
            AuditEntry: self.audited,
            Invitation: self.invitation,
            Delivery: self.delivery,
            ResendJob: self.resend_job,
            EndpointIssue: self.issue,
            FeedConsumer: self.consumer,
            Manifest: self.manifest,
            ImportJob: self.import_job,
            Event: lambda: Event.objects.filter(**mine).order_by("pk")[0],
            Person: lambda: Person.objects.filter(**mine).order_by("pk")[0],
            Thread: lambda: Thread.objects.get(**mine),
            Membership: lambda: Membership.objects.filter(**mine).order_by("pk")[0],
            User: self.admin,
            IngestSource: self.source,
            RefusedCallback: self.refusal,
            ProviderCall: self.provider_call,
            FormSource: self.form_source,
            FormRefusal: self.form_refusal,
            SavedView: self.view,
            Erasure: self.erasure,
            KeptDays: self.kept_days,
        })  # fmt: skip

    def secrets(self) -> list[str]:
        mine = [self.source.public_key, self.source.auth_token, self.form_source.public_key, self.token]
        mine += [self.invitation.hashed]
        return [self.company.signing_key, self.subscription.secret, self.key_secret, self.key.hashed, *mine]


def two_tenants() -> tuple[Tenant, Tenant]:
    """Ours, and the other one, whose admin once worked for us: the history of both names the other's rows."""
    ours, other = Tenant("Acme", "+12145550123"), Tenant(MARK, OTHER_PHONE)
    for row in (other.call, other.subscription, other.company, other.admin):
        LogEntry.objects.log_actions(ours.admin.pk, [row], ADDITION, change_message=f"{MARK} history")
    return ours, other


def marks_of(tenant: Tenant) -> list[str]:
    """What must not be seen by anybody else."""
    ids = [str(row.resource_id) for row in tenant.rows.values() if hasattr(row, "resource_id")]
    events = [event.id.hex for event in Event.objects.filter(company=tenant.company)]
    return [MARK, OTHER_PHONE, "972-555-0177", "(972) 555-0177", *tenant.secrets(), *ids, *events]


def login(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def pages() -> Iterator[tuple[type[Model], Any]]:
    """Every page of the registry: one that is added later is walked too."""
    yield from admin.site._registry.items()


def name_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def like(row: Model) -> dict[str, list[str]]:
    """A row as an add form would be filled in to make another one like it."""
    data: dict[str, list[str]] = {}
    for field in [*row._meta.concrete_fields, *row._meta.many_to_many]:
        value = field.value_from_object(row)
        if isinstance(value, datetime):
            data[f"{field.name}_0"], data[f"{field.name}_1"] = [f"{value:%Y-%m-%d}"], [f"{value:%H:%M:%S}"]
        elif isinstance(value, list):
            data[field.name] = [str(getattr(one, "pk", one)) for one in value]
        elif isinstance(value, dict):
            data[field.name] = [json.dumps(value)]
        elif value not in (None, False, "") and field.editable:
            data[field.name] = [str(value)]
    if "phone_number" in data:  # once per company, as are names
        number = data["phone_number"][0]
        data["phone_number"][0] = f"{number[:-2]}{'97' if number.endswith('98') else '98'}"
    if "name" in data:
        data["name"][0] += " 2"
    return data


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self._add(self._select, given.get("value", ""))
        elif tag == "textarea":
            self._textarea = name
            self._add(name, "")
        elif (tag == "input" and name and kind not in ("submit", "button", "search")) and (
            kind not in ("checkbox", "radio") or "checked" in given
        ):
            self._add(name, given.get("value", "on" if kind in ("checkbox", "radio") else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            # A browser drops the line break right after the tag.
            self.data[self._textarea][-1] = self.data[self._textarea][-1].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.data[self._textarea][-1] += data

    def _add(self, name: str, value: str) -> None:
        self.data.setdefault(name, []).append(value)


def filled_in(html: str) -> dict[str, list[str]]:
    """What a browser would send if one pressed the button without touching anything."""
    found = _Fields()
    # The logout form and the search box come before; the fields of our form have names of their own.
    found.feed(html)
    for name in ("csrfmiddlewaretoken", "q", "action", "select_across", "index"):
        found.data.pop(name, None)
    # Line ends are sent as CR LF.
    return {
        name: [value.replace("\r\n", "\n").replace("\n", "\r\n") for value in values]
        for name, values in found.data.items()
    }


@contextmanager
def unlogged_refusals() -> Iterator[None]:
    """Tests of all addresses are refused thousands of times; a traceback in the log for each doubles their time."""
    logging.disable(logging.ERROR)  # a lookup that is not allowed is one
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
