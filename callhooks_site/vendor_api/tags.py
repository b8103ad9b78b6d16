"""Tags of calls, forms and text threads."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Tag

from .body_values import LONGEST_TAG, is_one_of, text_of
from .errors import BadRequest, Forbidden, NotHere
from .paging import Sort, order_of
from .shapes import TEXT, TEXT_OR_NULL, WHOLE, Context, Field, Shape, local, of
from .views import VendorView

COLORS = frozenset(
    """
    gray1 gray2 blue1 blue2 cyan1 cyan2 purple1 purple2 pink1 pink2 pink3 pink4 red1 red2 orange1 orange2 orange3
    orange4 yellow1 yellow2 green1 green2 green3 green4
    """.split()
)
SORTS = {"name": Sort("name")}
STATUSES = {"enabled": True, "disabled": False}
LEVELS = {level: level for level in Tag.Level.values}


def _company(tag: Tag, context: Context) -> str | None:
    return None if tag.level == Tag.Level.ACCOUNT else tag.company.resource_id


SHAPE = Shape(
    {
        "id": of("pk", WHOLE),
        "name": of("name", TEXT),
        "tag_level": of("level", {"enum": list(LEVELS)}),
        "color": of("color", TEXT),
        "background_color": of("color", TEXT),
        "company_id": Field(TEXT_OR_NULL, _company),
        "status": Field({"enum": list(STATUSES)}, lambda tag, context: "enabled" if tag.active else "disabled"),
        "created_at": Field(TEXT_OR_NULL, lambda tag, context: local(tag.created_at, context)),
    }
)


def load_tags(keys: list[int]) -> list[Tag]:
    return list(Tag.objects.filter(pk__in=keys).select_related("company").defer("company__signing_key"))


class TagsView(VendorView):
    def get(self, request: Request, account: str) -> Response:
        params = self.params
        rows = Tag.objects.filter(company=self.company)
        level = params.choice("tag_level", LEVELS)
        if level == Tag.Level.ACCOUNT and params.text("company_id"):
            raise BadRequest("Tags of the account belong to no company: leave company_id out.")
        self.check_company(params.text("company_id"))
        if level:
            rows = rows.filter(level=level)
        active = params.choice("status", STATUSES)
        if active is not None:
            rows = rows.filter(active=active)
        return self.listed("tags", rows, order_of(params, SORTS, "name"), SHAPE, load=load_tags)

    def post(self, request: Request, account: str) -> Response:
        body = self.body
        self.check_company(body.get("company_id"))
        level = Tag.Level.COMPANY.value if body.get("tag_level") in (None, "") else body["tag_level"]
        if not is_one_of(level, LEVELS):
            raise BadRequest(f"tag_level must be one of: {', '.join(LEVELS)}.")
        if level == Tag.Level.COMPANY and not body.get("company_id"):
            raise BadRequest("company_id is missing: a tag belongs to a company, unless its tag_level is account.")
        tag = Tag(company=self.company, name=_name(body), level=level, color=_color(body.get("color") or "gray1"))
        with transaction.atomic():
            _save(tag)
            self.note("Added", tag)
        tag.refresh_from_db(fields=["created_at"])
        return self.one(tag, SHAPE, 201)


class TagView(VendorView):
    def rows(self) -> QuerySet[Tag]:
        return Tag.objects.filter(company=self.company).select_related("company").defer("company__signing_key")

    def tag(self, rows: QuerySet[Tag], id: str) -> Tag:
        """As at the vendor, another's tag is not missing but refused."""
        try:
            tag: Tag = self.found(rows, id, "TAG")
        except NotHere:
            if self.request.method == "GET":
                raise
            raise Forbidden from None
        return tag

    def get(self, request: Request, account: str, id: str) -> Response:
        return self.one(self.tag(self.rows(), id), SHAPE)

    def put(self, request: Request, account: str, id: str) -> Response:
        body, changed = self.body, dict[str, Any]()
        if "name" in body:
            changed["name"] = _name(body)
        if "color" in body:
            changed["color"] = _color(body["color"])
        if "disabled" in body:
            if body["disabled"] not in (True, False, "true", "false"):
                raise BadRequest("disabled must be true or false.")
            changed["active"] = body["disabled"] in (False, "false")
        with transaction.atomic():
            tag = self.tag(self.rows().select_for_update(of=("self",), no_key=True), id)
            new = {name: value for name, value in changed.items() if getattr(tag, name) != value}
            for name, value in new.items():
                setattr(tag, name, value)
            if new:
                _save(tag)
                self.note("Changed", tag, ", ".join(new))
        return self.one(tag, SHAPE)

    def delete(self, request: Request, account: str, id: str) -> Response:
        with transaction.atomic():
            tag = self.tag(self.rows().select_for_update(of=("self",)), id)
            self.note("Removed", tag)
            tag.delete()
        return Response(status=204)


def _name(body: Any) -> str:
    name = text_of(body.get("name"), "name", LONGEST_TAG).strip()
    if not name:
        raise BadRequest("name is missing.")
    return name


def _color(given: Any) -> str:
    if not is_one_of(given, COLORS):
        raise BadRequest("Color is not included in the list")
    return str(given)


def _save(tag: Tag) -> None:
    try:
        with transaction.atomic():
            tag.save()
    except IntegrityError:
        raise BadRequest("Name has already been taken: there is a tag of this name.") from None
