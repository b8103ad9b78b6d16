"""Both ways to turn pages: `page` with `per_page`, and the relative one of calls. Rows are sorted by a field and id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When, Window
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.lib import opaque

from . import positions
from .errors import BadRequest
from .params import Params

DEFAULT_SIZE, LARGEST_SIZE = 100, 250
LARGEST_PAGE = 10**9
Show = Callable[[list[Any]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Sort:
    """`column` of the rows, or the name of `value`, an expression. It is never null, so that it can name a place in the
    list. `of_time` ones begin with the newest, others with the least."""

    column: str
    of_time: bool = False
    of_number: bool = False
    value: Any = None

    def read(self, text: str) -> Any:
        """The value that a position holds as text. Raises ValueError."""
        if self.of_time:
            return opaque.parse_moment(text)
        return opaque.parse_number(text) if self.of_number else text


@dataclass(frozen=True)
class Order:
    sort: Sort
    down: bool

    @property
    def names(self) -> list[str]:
        sign = "-" if self.down else ""
        return [f"{sign}{self.sort.column}", f"{sign}pk"]

    def on(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        sort = self.sort
        return (rows if sort.value is None else rows.annotate(**{sort.column: sort.value})).order_by(*self.names)

    def beyond(self, value: Any, key: int) -> Q:
        way = "lt" if self.down else "gt"
        column = self.sort.column
        # The first condition is what an index serves; the second takes out what was shown.
        return Q(**{f"{column}__{way}e": value}) & (Q(**{f"{column}__{way}": value}) | Q(**{f"pk__{way}": key}))


def order_of(params: Params, sorts: Mapping[str, Sort], default: str) -> Order:
    """A `sort` that is not known is ignored, as the vendor ignores what it does not know; and so is an `order` without
    a `sort` that is."""
    asked = params.text("order").lower()
    if asked not in ("", "asc", "desc"):
        raise BadRequest("order must be asc or desc.")
    sort = sorts.get(params.text("sort"))
    if sort is None:
        return Order(sorts[default], sorts[default].of_time)
    return Order(sort, asked == "desc" if asked else sort.of_time)


def size_of(params: Params, largest: int = LARGEST_SIZE) -> int:
    asked = params.whole("per_page")
    return DEFAULT_SIZE if asked is None or asked < 1 else min(asked, largest)


# Keys, and values of the sort's column, of so many sorted rows from the first on. The last says where they begin.
Find = Callable[[QuerySet[Any], Order, int, int, Any], list[Any]]


def _read(rows: QuerySet[Any], order: Order, first: int, most: int, after: Any) -> list[Any]:
    return list(rows.values_list("pk", order.sort.column)[first : first + most])


@dataclass
class Page:
    rows: list[Any]
    begins_after: str
    ends_at: str
    has_more: bool


class Listing:
    """A page of some rows. `load` reads the rows of these keys; they are shown in the order of the keys. `in_one_pass`:
    which rows there are is dear to find out, so that they are counted by the statement that finds the page."""

    def __init__(
        self,
        request: Request,
        rows: QuerySet[Any],
        order: Order,
        *,
        largest: int = LARGEST_SIZE,
        count: Callable[[QuerySet[Any]], int] | None = None,
        find: Find | None = None,
        in_one_pass: bool = False,
    ) -> None:
        self.request, self.rows, self.order = request, rows, order
        self._find = find or _read
        self.params = Params(request.query_params)
        self.size = size_of(self.params, largest)
        self._count = count or (lambda rows: int(rows.order_by().count()))
        self._in_one_pass = in_one_pass

    def answer(self, collection: str, show: Show) -> Response:
        """The envelope with `page`, and a `Link` to the next page where there is one."""
        number = max(1, min(self.params.whole("page") or 1, LARGEST_PAGE))
        page, total = self._counted_page(number)
        body = envelope(number, self.size, total)
        headers = {}
        if page.has_more:
            headers["Link"] = f'<{self._address(page=number + 1, after=page.ends_at)}>; rel="next"'
        return Response({**body, collection: show(page.rows)}, headers=headers)

    def relative(self, collection: str, show: Show) -> Response:
        """The envelope with `next_page`. `offset` counts pages."""
        index = max(0, min(self.params.whole("offset") or 0, LARGEST_PAGE))
        page = self._page(index + 1)
        following = self._address(offset=index + 1, after=page.ends_at) if page.has_more else None
        return Response({"next_page": following, "has_next_page": page.has_more, collection: show(page.rows)})

    def _counted_page(self, number: int) -> tuple[Page, int]:
        if not self._in_one_pass:
            total = self._count(self.rows)
            return self._page(number, total), total
        after = self._after(number)
        rows, first, names = self.order.on(self.rows), (number - 1) * self.size, self.order.names
        if after:  # the rows of the page come first, since the others are counted too
            is_beyond = Case(When(self.order.beyond(*self._decoded(after)), then=Value(1)), default=Value(0))
            rows, first, names = rows.annotate(is_beyond=is_beyond), 0, ["-is_beyond", *names]
        else:
            rows = rows.annotate(is_beyond=Value(1, IntegerField()))
        counted = rows.order_by(*names).annotate(total=Window(Count("pk")))
        wanted = counted.values_list("pk", self.order.sort.column, "is_beyond", "total")
        found = list(wanted[first : first + self.size + 1])
        total = found[0][-1] if found else self._count(self.rows) if first else 0
        return self._page_of(number, after, [row[:2] for row in found if row[2]]), total

    def _page(self, number: int, total: int | None = None) -> Page:
        after = self._after(number)
        rows, first, value = self.order.on(self.rows), (number - 1) * self.size, None
        if after:
            value, key = self._decoded(after)
            rows, first = rows.filter(self.order.beyond(value, key)), 0
        # One more than the page holds tells whether there is another.
        is_beyond = not after and total is not None and first >= total
        return self._page_of(
            number, after, [] if is_beyond else self._find(rows, self.order, first, self.size + 1, value)
        )

    def _page_of(self, number: int, after: str, found: list[Any]) -> Page:
        """The page, whose end is noted for those who ask for the next one by its number."""
        shown = found[: self.size]
        ends_at = after
        if shown:
            ends_at = self._place(shown[-1])
        page = Page([key for key, _ in shown], after, ends_at, len(found) > self.size)
        # The last page too: there may be another by the time that its client has read it.
        if ends_at and (page.has_more or number > 1):
            positions.note(self._key, self._digest, number, page.begins_after, ends_at)
        return page

    def _after(self, number: int) -> str:
        given = self.params.text(positions.PARAMETER)
        if given or number == 1:
            return given
        return positions.recall(self._key, self._digest, number) or ""

    def _decoded(self, after: str) -> tuple[Any, int]:
        return positions.decode(after, self.order.sort.read)

    def _place(self, row: Sequence[Any]) -> str:
        key, value = row
        return positions.encode([value, key])

    @property
    def _key(self) -> int:
        return int(self.request.auth.pk)

    @property
    def _digest(self) -> str:
        pairs = [(name, value) for name, values in self.request.query_params.lists() for value in values]
        path = self.request.path.removesuffix(".json")
        return positions.digest_of(path, [pair for pair in pairs if pair[0] not in ("offset", "format")])

    def _address(self, *, after: str, **changed: int) -> str:
        return address_with(self.request, {**changed, **({positions.PARAMETER: after} if after else {})})


def address_with(request: Request, changed: Mapping[str, Any]) -> str:
    """The request's address with these parameters instead of its own; one that came twice stands there once."""
    kept = [
        (name, value)
        for name, values in request.query_params.lists()
        for value in dict.fromkeys(values)
        if name not in changed
    ]
    return str(request.build_absolute_uri(f"{request.path}?{urlencode([*kept, *changed.items()])}"))


def envelope(page: int, per_page: int, total: int) -> dict[str, int]:
    """A list of nothing has one page, which is empty."""
    return {
        "page": page,
        "per_page": per_page,
        "total_pages": max(1, -(-total // per_page)),
        "total_records": total,
    }
