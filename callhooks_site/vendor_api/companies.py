"""Companies: an account has exactly one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from forms_intake.models import FormSource
from forms_intake.web.script import list_versions
from subscriptions.models import ApiKey, Company

from .body_values import text_of
from .errors import BadRequest, Forbidden
from .paging import Sort, order_of
from .shapes import FLAG, FLAG_OR_NULL, LIST, TEXT, TEXT_OR_NULL, WHOLE, Context, Field, Shape, always, of, utc
from .views import VendorView

ONE_STAYS = "You must have at least one active company."
SORTS = {"name": Sort("name")}


def _takes_forms(company: Company, context: Context) -> bool:
    return FormSource.objects.filter(company=company, active=True).exists()


SHAPE = Shape(
    {
        "id": of("resource_id", TEXT),
        "name": of("name", TEXT),
        "status": always("active", {"enum": ["active", "disabled"]}),
        "time_zone": of("time_zone", TEXT),
        "created_at": Field(TEXT, lambda company, context: utc(company.created_at)),
        "disabled_at": always(None, TEXT_OR_NULL),
        "dni_active": always(None, FLAG_OR_NULL),
        "script_url": Field(
            TEXT_OR_NULL, lambda company, context: list_versions()[-1].url if _takes_forms(company, context) else None
        ),
        "callscribe_enabled": of("transcription_expected", FLAG),
        "lead_scoring_enabled": always(False, FLAG),
        "swap_exclude_jquery": always(None, FLAG_OR_NULL),
        "swap_ppc_override": always(None, FLAG_OR_NULL),
        "swap_landing_override": always(None, TEXT_OR_NULL),
        "swap_cookie_duration": always(6, WHOLE),
        "swap_cookie_duration_unit": always("months", TEXT),
        "callscore_enabled": always(False, FLAG),
        "keyword_spotting_enabled": always(False, FLAG),
        "form_capture": Field(FLAG, _takes_forms),
        "verified_caller_ids": always([], LIST, selectable=True),
    }
)


class CompaniesView(VendorView):
    write_scope = ApiKey.Scope.MANAGE

    def rows(self) -> QuerySet[Company]:
        rows = Company.objects.filter(pk=self.company.pk).defer("signing_key")
        term = self.params.text("search")
        if self.params.choice("status", {"active": "active", "disabled": "disabled"}) == "disabled":
            return rows.none()
        return rows.filter(name__icontains=term) if term else rows

    def get(self, request: Request, account: str) -> Response:
        return self.listed("companies", self.rows(), order_of(self.params, SORTS, "name"), SHAPE)

    def post(self, request: Request, account: str) -> Response:
        """A company is made by the service's operator, and is an account of its own."""
        raise Forbidden


class CompanyView(VendorView):
    write_scope = ApiKey.Scope.MANAGE

    def get(self, request: Request, account: str, id: str) -> Response:
        self.check_company(id)
        return self.one(self.company, SHAPE)

    def put(self, request: Request, account: str, id: str) -> Response:
        self.check_company(id)
        body, changed = self.body, dict[str, Any]()
        if "name" in body:
            changed["name"] = text_of(body["name"], "name", 200).strip()
        if "time_zone" in body:
            changed["time_zone"] = text_of(body["time_zone"], "time_zone", 64)
        if "callscribe_enabled" in body:
            changed["transcription_expected"] = _flag(body["callscribe_enabled"], "callscribe_enabled")
        self._save(changed)
        return self.one(self.company, SHAPE)

    def delete(self, request: Request, account: str, id: str) -> Response:
        self.check_company(id)
        raise BadRequest(ONE_STAYS)

    def _save(self, changed: dict[str, Any]) -> None:
        with transaction.atomic():
            company = Company.objects.select_for_update(no_key=True).defer("signing_key").get(pk=self.company.pk)
            new = {name: value for name, value in changed.items() if getattr(company, name) != value}
            for name, value in new.items():
                setattr(company, name, value)
            try:
                company.clean_fields(exclude=[f.name for f in company._meta.fields if f.name not in new])
            except ValidationError as error:
                raise BadRequest(f"{next(iter(error.message_dict))}: {error.messages[0]}") from None
            if new:
                company.save(update_fields=list(new))
                self.note(f"Changed {', '.join(new)}", company)
            self.company = company


def _flag(given: Any, name: str) -> bool:
    if given in (True, "true"):
        return True
    if given in (False, "false"):
        return False
    raise BadRequest(f"{name} must be true or false.")
