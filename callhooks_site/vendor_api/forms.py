"""Form submissions: list, show, bring one in, say what it was worth."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from calls.payloads import values
from calls.phones import formatted
from calls.tagging import find_or_make_tags
from forms_intake.api.serializers import FormSubmissionSerializer
from forms_intake.contacts import find_contact
from forms_intake.events import forms_for_webhooks
from forms_intake.ingestion import record_form
from forms_intake.models import FormSubmission
from subscriptions.api.kit.serializers import shared_serializer

from .body_values import LONGEST_NOTE, lead_status_of, tags_of, text_of, value_of
from .bounds import bounded
from .call_queries import LEAD_STATUSES
from .call_queries import tags_of as tags_named
from .dates import range_of
from .errors import BadRequest, Forbidden
from .paging import Sort, order_of
from .shapes import (
    FLAG,
    NUMBER_OR_NULL,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Context,
    Field,
    Shape,
    always,
    amount,
    local,
    of,
)  # fmt: skip
from .views import VendorView

SORTS = {
    "submitted_at": Sort("submitted_at", of_time=True),
    "created_at": Sort("created_at", of_time=True),
    "form_url": Sort("form_url"),
}
# What a POST gives and its answer shows.
TAKEN = ("referrer", "referring_url", "landing_page_url", "form_url", "form_data")
MADE = ("id", "company_id", "person_id", "form_data", "form_url", "landing_page_url", "referrer", "referring_url",
        "submitted_at", "first_form")  # fmt: skip
_NAMES = ("name", "full_name", "full name", "fullname", "your-name", "your name", "your_name")


def _phone(form: FormSubmission) -> str:
    return form.person.phone or form.person.main.phone if form.person else ""


def _email(form: FormSubmission, context: Context) -> str | None:
    return (
        (form.person.email or form.person.main.email if form.person else "")
        or find_contact(form.form_data, region=form.company.region)[1]
        or None
    )


def _milestones(form: FormSubmission, context: Context) -> dict[str, Any]:
    known = values.milestones_of(form.milestones or {}, form.company.time_zone)
    return {name: known.get(name) or values.unknown_milestone() for name in values.MILESTONES}


def _name(form: FormSubmission, context: Context) -> str | None:
    typed = next((text for field, text in form.form_data.items() if field.lower() in _NAMES and text), "")
    return (form.person.main.name if form.person else "") or typed or None


def _text(name: str) -> Field:
    return of(name, TEXT_OR_NULL)


SHAPE = Shape(
    {
        "id": of("resource_id", TEXT),
        "company_id": of("company.resource_id", TEXT),
        "person_id": Field(TEXT, lambda form, context: form.person.main.resource_id if form.person else "anonymous"),
        "form_data": of("form_data", OBJECT),
        "form_url": _text("form_url"),
        "landing_page_url": _text("landing_page_url"),
        "referrer": _text("referrer"),
        "referring_url": _text("referring_url"),
        "submitted_at": Field(TEXT, lambda form, context: local(form.submitted_at, context)),
        "first_form": Field(FLAG, lambda form, context: not form.has_earlier),
        "customer_phone_number": Field(TEXT, lambda form, context: _phone(form)),
        "customer_name": Field(TEXT_OR_NULL, _name),
        "customer_email": Field(TEXT_OR_NULL, _email),
        "formatted_customer_phone_number": Field(TEXT, lambda form, context: formatted(_phone(form))),
        "formatted_customer_name": Field(TEXT_OR_NULL, _name),
        "source": _text("source"),
        "keywords": _text("keywords"),
        "campaign": _text("campaign"),
        "medium": _text("medium"),
        "company_name": of("company.name", TEXT, selectable=True),
        "lead_status": of("lead_status", TEXT_OR_NULL, selectable=True),
        "value": Field(NUMBER_OR_NULL, lambda form, context: amount(form.value), selectable=True),
        "note": of("note", TEXT_OR_NULL, selectable=True),
        "tags": Field(TEXTS, lambda form, context: [tag.name for tag in form.tags.all()], selectable=True),
        "utm_source": of("utm_source", TEXT_OR_NULL, selectable=True),
        "utm_medium": of("utm_medium", TEXT_OR_NULL, selectable=True),
        "utm_campaign": of("utm_campaign", TEXT_OR_NULL, selectable=True),
        "form_name": always(None, TEXT_OR_NULL, selectable=True),
        "timeline_url": always(None, TEXT_OR_NULL, selectable=True),
        "milestones": Field(OBJECT, _milestones, selectable=True),
    }
)


def load_forms(keys: list[int], names: Any = ()) -> list[FormSubmission]:
    rows = forms_for_webhooks().filter(pk__in=keys).defer("company__signing_key")
    return list(rows.prefetch_related("tags") if "tags" in names else rows)


class FormQuery:
    """The forms of a company that a request's dates and filters leave."""

    def __init__(self, view: VendorView) -> None:
        self.view, self.params = view, view.params
        view.check_company(self.params.text("company_id"))
        self.range = range_of(self.params, view.context.zone)
        self.in_range: QuerySet[FormSubmission] = self.range.on(
            FormSubmission.objects.filter(company=view.company).order_by(), "submitted_at"
        )

    def rows(self) -> QuerySet[FormSubmission]:
        params, rows = self.params, self.in_range
        if params.flag("person_lead"):
            rows = rows.filter(person__isnull=False)
        status = params.choice("lead_status", LEAD_STATUSES)
        if status is not None:
            rows = rows.filter(status)
        if names := params.many("tags"):
            tags = list(tags_named(self.view.company, names).values_list("pk", flat=True))
            through = FormSubmission.tags.through.objects
            rows = rows.filter(Exists(through.filter(formsubmission=OuterRef("pk"), tag__in=tags)))
        return rows

    def bounded(self, rows: QuerySet[FormSubmission]) -> QuerySet[FormSubmission]:
        return bounded(self.in_range, rows, "This", "forms")


class FormsView(VendorView):
    def get(self, request: Request, account: str) -> Response:
        query = FormQuery(self)
        order = order_of(self.params, SORTS, "submitted_at")
        rows = query.rows()
        if rows is not query.in_range or order.sort.column != "submitted_at":
            rows = query.bounded(rows)
        names = SHAPE.names(self.params.many("fields"))
        return self.listed(
            "form_submissions", rows, order, SHAPE, load=lambda keys: load_forms(keys, names), names=names
        )

    def post(self, request: Request, account: str) -> Response:
        given = self.body.get("form_submission")
        if not isinstance(given, dict):
            raise BadRequest("form_submission is missing: an object with company_id and form_data.")
        self.check_company(given.get("company_id"))
        missing = [name for name in ("company_id", "form_data") if not given.get(name)]
        if missing:
            raise BadRequest(f"form_submission lacks {', '.join(missing)}.")
        data = {name: given[name] for name in TAKEN if given.get(name) is not None}
        try:
            values = shared_serializer(FormSubmissionSerializer).accept(data)
            form, _ = record_form(company=self.company, data=values)
        except (exceptions.ValidationError, ValidationError) as error:
            raise BadRequest(_first_words(error)) from None
        (shown,) = load_forms([form.pk])
        return Response(SHAPE.show(shown, self.context, MADE), 201)


class FormView(VendorView):
    def rows(self) -> QuerySet[FormSubmission]:
        return FormSubmission.objects.filter(company=self.company)

    def get(self, request: Request, account: str, id: str) -> Response:
        return self.shown(self.form(self.rows(), id).pk)

    def put(self, request: Request, account: str, id: str) -> Response:
        body, changed = self.body, dict[str, Any]()
        if "note" in body:
            changed["note"] = text_of(body["note"], "note", LONGEST_NOTE)
        if "value" in body:
            changed["value"] = value_of(body["value"])
        if "lead_status" in body:
            changed["lead_status"] = lead_status_of(body["lead_status"])
        with transaction.atomic():
            form = self.form(self.rows().select_for_update(no_key=True), id)
            for name, value in changed.items():
                setattr(form, name, value)
            if changed:
                form.save(update_fields=list(changed))
            if "tags" in body:
                names = tags_of(body, [tag.name for tag in form.tags.all()])
                form.tags.set(find_or_make_tags(self.company, names))
        return self.shown(form.pk)

    def form(self, rows: QuerySet[FormSubmission], id: str) -> FormSubmission:
        found: FormSubmission = self.found(rows, id.replace("FOR", "FRM", 1), "FRM")
        return found

    def shown(self, key: int) -> Response:
        names = SHAPE.names(self.params.many("fields"))
        (form,) = load_forms([key], names)
        return Response(SHAPE.show(form, self.context, names))


class IgnoredFieldsView(VendorView):
    """Which fields of forms are dropped is the same for all companies: passwords and card numbers."""

    def post(self, request: Request, account: str) -> Response:
        raise Forbidden


def _first_words(error: Any) -> str:
    detail = error.message_dict if hasattr(error, "error_dict") else getattr(error, "detail", error.args[0])
    place: list[str] = []
    while isinstance(detail, dict | list) and detail:
        if isinstance(detail, dict):
            name, detail = next(iter(detail.items()))
            place.append(str(name))
        else:
            detail = detail[0]
    return f"{'.'.join(place)}: {detail}" if place else str(detail)
