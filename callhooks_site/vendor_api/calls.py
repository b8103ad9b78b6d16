"""Calls: list, show, change; and what belongs to one: its recording and page views."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Call
from calls.payloads import values
from calls.selectors import count_earlier

from .call_changes import change_call
from .call_days import CallDays
from .call_fields import LARGE, OF_EARLIER_CALLS, SHAPE
from .call_queries import CallQuery
from .call_sorts import SORTS
from .dates import range_of
from .errors import Forbidden, NotHere
from .paging import Listing, envelope, order_of, size_of
from .views import VendorView


def load_calls(keys: list[int], names: list[str]) -> list[Call]:
    """The calls with what these fields of theirs need."""
    rows = Call.objects.filter(pk__in=keys).select_related("tracker", "person__merged_into", "company")
    rows = rows.defer("company__signing_key", *(column for column, field in LARGE.items() if field not in names))
    if "call_type" in names or "formatted_call_type" in names:
        rows = rows.defer(None).defer("company__signing_key")  # a transcribed voicemail is a type of its own
    if "tags" in names:
        rows = rows.prefetch_related("tags")
    calls = list(rows)
    if OF_EARLIER_CALLS & set(names):
        count_earlier(calls)
    return calls


class CallsView(VendorView):
    def get(self, request: Request, account: str) -> Response:
        params = self.params
        self.check_company(params.text("company_id"))
        context = self.context
        query = CallQuery(self.company, params, range_of(params, context.zone))
        rows = query.searched(query.rows())
        days = CallDays(query, rows)
        order = order_of(params, SORTS, "start_time")
        if not query.in_index or order.sort is not SORTS["start_time"]:
            rows = query.bounded("This filter, search or order", rows)
        names = SHAPE.names(params.many("fields"))
        show = self.shower(rows, SHAPE, lambda keys: load_calls(keys, names), names)
        by_days = order.sort is SORTS["start_time"] and days.counts is not None
        listing = Listing(
            request,
            rows,
            order,
            count=days.count,
            find=days.find if by_days else None,
            in_one_pass=not query.in_index,
        )
        return listing.relative("calls", show) if params.flag("relative_pagination") else listing.answer("calls", show)

    def post(self, request: Request, account: str) -> Response:
        """Places a call at the vendor; this service makes none."""
        raise Forbidden


class OneCall(VendorView):
    """`call` in the address is one of the account's, and no spam."""

    def call(self, text: str) -> Call:
        found: Call = self.found(self.visible(), text, "CAL")
        return found

    def visible(self) -> QuerySet[Call]:
        return Call.objects.filter(company=self.company, spam=False).select_related(
            "tracker", "person__merged_into", "company"
        )


class CallView(OneCall):
    def get(self, request: Request, account: str, id: str) -> Response:
        return self.shown(self.call(id).pk)

    def put(self, request: Request, account: str, id: str) -> Response:
        call = self.call(id)
        change_call(self.company, call, self.body)
        return self.shown(call.pk)

    def shown(self, key: int) -> Response:
        names = SHAPE.names(self.params.many("fields"))
        (call,) = load_calls([key], names)
        return Response(SHAPE.show(call, self.context, names))


class RecordingView(OneCall):
    def get(self, request: Request, account: str, id: str) -> Response:
        url = values.recording_page(self.call(id), "recording-redirect")
        if not url:
            raise NotHere("This call has no recording.")
        return Response({"url": url})


class PageViewsView(OneCall):
    """The pages that a caller saw before the call: no source of ours tells them."""

    def get(self, request: Request, account: str, id: str) -> Response:
        self.call(id)
        return Response({**envelope(1, size_of(self.params), 0), "page_views": []})


class NoTranscription(OneCall):
    """A path that clients know and the vendor answers only for its Premium plan; `fields=transcription` has it."""

    def get(self, request: Request, account: str, id: str) -> Response:
        raise NotHere("Ask for the transcription with fields=transcription.")
