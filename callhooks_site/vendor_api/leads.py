"""Leads: the people who called, texted or filled in a form."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Person

from . import timeline
from .bounds import MOST_READ
from .errors import BadRequest
from .paging import Sort, envelope, order_of, size_of
from .shapes import TEXT, TEXT_OR_NULL, Context, Field, Shape, of, utc
from .views import VendorView

SORTS = {"created_at": Sort("created_at", of_time=True), "name": Sort("name"), "email": Sort("email")}


def _name(person: Person, context: Context) -> str | None:
    return person.name or None


SHAPE = Shape(
    {
        "id": of("resource_id", TEXT),
        "name": Field(TEXT_OR_NULL, _name),
        "phone": of("phone", TEXT_OR_NULL),
        "email": of("email", TEXT_OR_NULL),
        "created_at": Field(TEXT, lambda person, context: utc(person.created_at)),
        "company_id": of("company.resource_id", TEXT),
        "company_name": of("company.name", TEXT),
    }
)


def load_people(keys: list[int]) -> list[Person]:
    return list(Person.objects.filter(pk__in=keys).select_related("company").defer("company__signing_key"))


class LeadsView(VendorView):
    """Unlike elsewhere, `fields` limits what is shown."""

    def get(self, request: Request, account: str) -> Response:
        params = self.params
        self.check_company(params.text("company_id"))
        rows = Person.objects.filter(company=self.company, merged_into=None)
        order = order_of(params, SORTS, "created_at")
        if not order.sort.of_time and rows.values("pk")[: MOST_READ + 1].count() > MOST_READ:
            raise BadRequest(f"More than {MOST_READ:,} leads are listed by created_at only.")
        names = SHAPE.only(params.many("fields"))
        return self.listed("leads", rows, order, SHAPE, load=load_people, names=names)


class TimelineView(VendorView):
    def get(self, request: Request, account: str, id: str) -> Response:
        person: Person = self.found(
            Person.objects.filter(company=self.company).select_related("merged_into"), id, "PER"
        ).main
        params, context = self.params, self.context
        by_creation = params.text("sort") == "created_at"
        newest_first = (params.text("order").lower() or ("asc" if by_creation else "desc")) == "desc"
        page, size = max(1, min(params.whole("page") or 1, 10_000)), size_of(params)
        events = timeline.Timeline(person)
        shown = events.page((page - 1) * size, size, newest_first=newest_first)
        wanted: Any = params.many("fields")
        body = {
            **envelope(page, size, events.total),
            "lead": events.lead(context),
            "timeline": [timeline.limited(event, wanted) for event in events.show(shown, context)],
        }
        headers = {}
        if page * size < events.total:
            headers["Link"] = f'<{self.address(page=page + 1)}>; rel="next"'
        return Response(body, headers=headers)
