"""Somebody of whom every table has something, and a look at all columns of all tables for what is left."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.db.models import JSONField
from django.utils import timezone

from callhooks_site.activity.models import SavedView
from callhooks_site.intake.imports import stored_lines
from callhooks_site.intake.imports.models import ImportFault, ImportJob, ImportPiece
from callhooks_site.intake.providers.models import ProviderCall, RefusedCallback
from callhooks_site.privacy.columns import with_words
from callhooks_site.privacy.subjects import KEPT
from forms_intake.models import FormRefusal
from subscriptions.models import Attempt, Delivery, EndpointIssue, IdempotentAnswer, MailRequest, ShapedBody
from subscriptions.models.fields import EncryptedTextField
from subscriptions.tenancy import audit_log
from tests.support import factories
from tests.support.admin import Tenant

PHONE, EMAIL, NAME = "+12145550171", "zqerase@example.com", "Zqerase Person"
NOTATIONS = (
    "(214) 555-0171",
    "1-214-555-0171",
    "+1 214.555.0171",
    "%2B12145550171",
    "2145550171",
    "tel:+1-214-555-0171",
)
NEIGHBOUR = "+12145550172"
WORDS = f"{NAME} at {NOTATIONS[0]} or {EMAIL.upper()}"
# Whatever stands between the digits: one more thing than the code under test looks for.
_PATTERN = r"2\D{0,6}1\D{0,6}4\D{0,6}5\D{0,6}5\D{0,6}5\D{0,6}0\D{0,6}1\D{0,6}7\D{0,6}1|zqerase"


def fill(row: Any, **more: Any) -> None:
    """Something of the person in every column that has words. What is kept has a number only."""
    model = type(row)
    values: dict[str, Any] = {}
    for number, field in enumerate(with_words(model)):
        kept = field.name in KEPT[model]
        words = NOTATIONS[number % len(NOTATIONS)] if kept else WORDS
        if isinstance(field, JSONField):
            now = getattr(row, field.attname)
            values[field.name] = [words] if isinstance(now, list) else {"said": words, words: 2145550171}
        elif not field.choices and field.get_internal_type() == "CharField" and field.name != "external_source":
            values[field.name] = words[: field.max_length]
        elif field.get_internal_type() == "TextField":
            values[field.name] = words
    values |= {"customer_phone_number": PHONE} if hasattr(row, "customer_phone_number") else {}
    model._default_manager.filter(pk=row.pk).update(**{**values, **more})


def put_everywhere(tenant: Tenant) -> dict[str, Any]:
    """Calls, texts and forms of the person, and a trace in whatever else holds words of others."""
    company = tenant.company
    call = factories.ended_call(company, tenant.tracker, customer_phone_number=PHONE, customer_name=NAME, note=WORDS,
                                transcription_text=WORDS, external_source="pbx", external_id=f"x-{PHONE}")  # fmt: skip
    call.tags.add(tenant.tag)
    text = factories.make_text(company, tenant.tracker, customer_phone_number=PHONE, content=WORDS)
    form = factories.make_form(company, form_data={"name": NAME, "phone": NOTATIONS[0], "email": EMAIL})
    by_mail = factories.make_form(company, form_data={"name": NAME, "email": EMAIL})
    call.note = f"{WORDS} again"
    call.save()
    for delivery in Delivery.objects.filter(company=company, event__subject_id__in=[
        row.resource_id for row in (call, text, form, by_mail)
    ]):  # fmt: skip
        _attempt(delivery)
    ShapedBody.objects.create(
        event=Delivery.objects.filter(event__subject_id=call.resource_id).earliest("pk").event,
        subscription_id=tenant.subscription.pk, body=json.dumps({"who": WORDS}).encode(), headers={"ce-who": NAME},
    )  # fmt: skip
    fill(call, person=call.person, customer_name=NAME)
    fill(text)
    fill(form)
    ProviderCall.objects.create(company=company, source=tenant.source, sid="CA1", call=call, facts={"caller": WORDS})
    ProviderCall.objects.create(company=company, source=tenant.source, sid="CA2", facts={"from": NOTATIONS[3]})
    RefusedCallback.objects.create(
        company=company, source=tenant.source, reason="number", place="voice", method="POST", fingerprint="zq1",
        body=f"From={NOTATIONS[3]}&CallerName=Zqerase".encode(), query=f"who={EMAIL.replace('@', '%40')}",
    )  # fmt: skip
    FormRefusal.objects.create(
        company=company, source=tenant.form_source, reason="site", fingerprint="zq2",
        form={"fields": {"name": NAME, "tel": NOTATIONS[2]}},
    )  # fmt: skip
    job = ImportJob.objects.create(
        company=company, kind="calls", file_name=f"of {NOTATIONS[1]}.csv", state="ready", lines=2,
        examples=json.dumps([{"customer_name": NAME, "customer_phone_number": PHONE}, {"note": "somebody else"}]),
    )  # fmt: skip
    lines = [[2, {"who": WORDS}, ""], [3, {"who": "somebody else"}, ""]]
    ImportPiece.objects.create(job=job, number=0, lines=stored_lines.pack(lines))
    ImportFault.objects.create(job=job, line=2, where="name", words="Zqerase is too long")
    ImportFault.objects.create(job=job, line=9, where="name", words=f"{NAME!r} is no time")
    SavedView.objects.create(company=company, name="About her", query=f"q={NOTATIONS[3]}")
    EndpointIssue.objects.create(
        company=company, subscription=tenant.subscription, answer=NOTATIONS[4], note=f"asked {EMAIL}",
        solved_at=timezone.now(),
    )  # fmt: skip
    MailRequest.objects.create(
        kind="alert", company=company, subject=NOTATIONS[2], text=EMAIL, finished_at=timezone.now()
    )
    IdempotentAnswer.objects.create(
        company=company, key="one", digest="0" * 64, status=201, body=json.dumps({"n": WORDS})
    )
    IdempotentAnswer.objects.create(
        company=company, key="two", digest="1" * 64, status=200, body=json.dumps({"id": text.resource_id, "n": NAME})
    )
    IdempotentAnswer.objects.create(company=company, key=f"call {PHONE}", digest="2" * 64, status=201)
    actor = audit_log.Actor("somebody", user=tenant.admin)
    audit_log.record(actor, "Changed", call, detail="note")
    audit_log.record(actor, "Exported activity", company=company, detail=f"With q={NOTATIONS[3]}")
    LogEntry.objects.log_actions(tenant.admin.pk, [call], CHANGE, change_message=f"About {NAME}", single_object=True)
    return {"call": call, "text": text, "form": form, "by_mail": by_mail, "import": job}


def _attempt(delivery: Delivery) -> None:
    Attempt.objects.create(
        delivery=delivery, number=1, outcome="failed", started_at=timezone.now(), url="https://crm.example.com/hook",
        status_code=422, duration_ms=12, request_headers=[["ce-who", NAME]], response_headers=[["x-who", EMAIL]],
        response_body=f"no: {WORDS}".encode(), message=NOTATIONS[0],
    )  # fmt: skip


def mention(tenant: Tenant) -> dict[str, Any]:
    """Rows of somebody else in which the person is named."""
    company = tenant.company
    call = factories.ended_call(
        company, tenant.tracker, customer_phone_number=NEIGHBOUR, customer_name="Neighbour",
        note=f"knows {NOTATIONS[0]}", transcription_text=f"write to {EMAIL}, thanks",
    )  # fmt: skip
    text = factories.make_text(
        company, tenant.tracker, customer_phone_number=NEIGHBOUR, content=f"call {NOTATIONS[2]}!"
    )
    form = factories.make_form(company, form_data={"phone": NEIGHBOUR, "referred by": f"{EMAIL}"})
    sip = factories.make_call(
        company, tenant.tracker, customer_phone_number="", customer_as_reported=f"sip:{PHONE}@example.com",
        customer_name=NAME, ended_at=timezone.now(), start_time=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip
    return {"call": call, "text": text, "form": form, "sip": sip}


def untouched(tenant: Tenant) -> dict[str, Any]:
    """Rows of somebody else with a number that is nearly the same."""
    company = tenant.company
    near = f"{NEIGHBOUR}, zqeras@example.com"
    call = factories.ended_call(company, tenant.tracker, customer_phone_number="+12145550199", note=near)
    text = factories.make_text(company, tenant.tracker, customer_phone_number="+12145550199", content=near)
    form = factories.make_form(company, form_data={"phone": "+12145550199", "said": near})
    return {"call": call, "text": text, "form": form}


def find_left(*, but: tuple[str, ...] = ()) -> list[str]:
    """table.column of all that still has something of the person. Encrypted columns are read decrypted."""
    left = []
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT table_name, column_name, data_type FROM information_schema.columns
             WHERE table_schema = 'public' ORDER BY 1, 2""")
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {text} ~* %s', [_PATTERN])
            if cursor.fetchone()[0] and f"{table}.{column}" not in but:
                left.append(f"{table}.{column}")
    return left + _left_encrypted()


def _left_encrypted() -> list[str]:
    import re

    left = []
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        for row in model._base_manager.all() if names else ():
            for name in names:
                text = str(getattr(row, name) or "")
                if model is ImportPiece:
                    text = json.dumps(stored_lines.unpack(text))
                if re.search(_PATTERN, text, re.I):
                    left.append(f"{model._meta.db_table}.{name} (encrypted)")
    return left


def rows_of(company: Any) -> dict[str, list[Any]]:
    """All rows of a company, by table."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'company_id' AND data_type = 'bigint'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t WHERE company_id = %s ORDER BY 1', [company.pk])
            found[table] = cursor.fetchall()
    return found


def values_of(rows: dict[str, Any]) -> dict[str, Any]:
    """These calls, texts and forms, with all that hangs on them."""
    found: dict[str, Any] = {}
    for name, row in rows.items():
        model = type(row)
        found[name] = model._default_manager.filter(pk=row.pk).values().get()
        deliveries = Delivery.objects.filter(event__subject_id=row.resource_id).order_by("pk")
        found[f"{name} webhooks"] = list(deliveries.values("pk", "state", "reason", "event__body", "event__erased_at"))
    return found
