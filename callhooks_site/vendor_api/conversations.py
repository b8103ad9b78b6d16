"""Texts, twice as the vendor has them: as conversations with their messages, and as threads with notes, tags and value.
Both are our threads: one person and one tracking number."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from calls.phones import formatted, normalise_if_number
from calls.tagging import find_or_make_tags
from messaging.models import TextMessage, Thread

from .body_values import LONGEST_NOTE, is_one_of, lead_status_of, tags_of, text_of, value_of
from .bounds import bounded
from .dates import range_of
from .errors import BadRequest, Forbidden, NotHere
from .paging import Listing, Order, Sort
from .shapes import (
    LIST,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Context,
    Field,
    Shape,
    always,
    amount,
    of,
    utc,
)  # fmt: skip
from .views import VendorView

NEWEST_FIRST = Order(Sort("last_message_at", of_time=True), down=True)
MESSAGES_NEWEST_FIRST = Order(Sort("sent_at", of_time=True), down=True)
LARGEST_PAGE_OF_MESSAGES = 100
STATES = {"active": False, "archived": True}
_NEWEST = """
SELECT newest.id FROM unnest(%s::bigint[]) AS given (id) CROSS JOIN LATERAL (
    SELECT m.id FROM messaging_textmessage m WHERE m.thread_id = given.id ORDER BY m.sent_at DESC, m.id DESC LIMIT 2
) AS newest
"""


def _is_incoming(text: TextMessage) -> bool:
    return text.direction == TextMessage.Direction.INBOUND


def _kind(text: TextMessage) -> str:
    return "mms" if text.media_urls else "sms"


def _recent(thread: Any, context: Context) -> list[dict[str, Any]]:
    return [
        {
            "direction": "incoming" if _is_incoming(text) else "outgoing",
            "content": text.content,
            "created_at": utc(text.sent_at),
            "type": _kind(text),
            "media_urls": text.media_urls,
        }
        for text in thread.recent
    ]


def _state(thread: Thread, context: Context) -> str:
    return "archived" if thread.archived else "active"


def _formatted(path: str) -> Field:
    return Field(TEXT, lambda thread, context: formatted(attrgetter(path)(thread)))


def _selectable(field: Field) -> Field:
    return Field(field.schema, field.get, selectable=True)


_HEAD = {
    "company_id": of("company.resource_id", TEXT),
    "initial_tracker_id": of("tracker.resource_id", TEXT),
    "current_tracker_id": of("tracker.resource_id", TEXT),
    "customer_name": of("customer_name", TEXT_OR_NULL),
    "customer_phone_number": of("customer_number", TEXT_OR_NULL),
    "initial_tracking_number": of("tracker.phone_number", TEXT),
    "current_tracking_number": of("tracker.phone_number", TEXT),
}
_LAST = Field(TEXT_OR_NULL, lambda thread, context: utc(thread.last_message_at))
_FORMATTED = {
    "formatted_customer_phone_number": _formatted("customer_number"),
    "formatted_initial_tracking_number": _formatted("tracker.phone_number"),
    "formatted_current_tracking_number": _formatted("tracker.phone_number"),
    "formatted_customer_name": of("customer_name", TEXT_OR_NULL),
}
_STATE = {
    "state": Field({"enum": list(STATES)}, _state),
    "company_time_zone": of("company.time_zone", TEXT),
}
CONVERSATION = Shape(
    {
        "id": of("conversation_id", TEXT),
        **_HEAD,
        "last_message_at": _LAST,
        **_STATE,
        **_FORMATTED,
        "recent_messages": Field(LIST, _recent),
        "lead_status": of("lead_status", TEXT_OR_NULL, selectable=True),
        "source": of("tracker.source", TEXT_OR_NULL, selectable=True),
    }
)
THREAD = Shape(
    {
        "id": of("resource_id", TEXT),
        "notes": of("note", TEXT_OR_NULL),
        "tags": Field(TEXTS, lambda thread, context: [tag.name for tag in thread.tags.all()]),
        "value": Field(NUMBER_OR_NULL, lambda thread, context: amount(thread.value)),
        "lead_qualification": of("lead_status", TEXT_OR_NULL),
        **_HEAD,
        **_STATE,
        "last_message_at": _selectable(_LAST),
        **{name: _selectable(field) for name, field in _FORMATTED.items()},
    }
)
# A message of a conversation, and one of a thread.
MESSAGE = Shape(
    {
        "id": of("pk", {"type": "integer"}),
        "content": Field(TEXT, lambda text, context: text.content),
        "created_at": Field(TEXT, lambda text, context: utc(text.sent_at)),
        "status": Field(TEXT_OR_NULL, lambda text, context: None if _is_incoming(text) else "sent"),
        "direction": Field(TEXT, lambda text, context: "incoming" if _is_incoming(text) else "outgoing"),
        "type": Field(TEXT, lambda text, context: _kind(text).upper()),
        "message_type": Field(TEXT, lambda text, context: _kind(text)),
        "media_urls": of("media_urls", TEXTS),
        "user": always(None, {"type": ["object", "null"]}),
    }
)
THREAD_MESSAGE = Shape(
    {
        "id": of("resource_id", TEXT),
        **{name: MESSAGE.fields[name] for name in ("content", "created_at", "status", "direction", "message_type")},
        "media_urls": of("media_urls", TEXTS),
        "error": always(None, TEXT_OR_NULL, selectable=True),
    }
)


def load_threads(keys: list[int]) -> list[Any]:
    """The threads with their two newest texts."""
    rows = (
        Thread.objects.filter(pk__in=keys)
        .select_related("person__merged_into", "tracker", "company")
        .prefetch_related("tags")
    )
    threads: dict[int, Any] = {thread.pk: thread for thread in rows.defer("company__signing_key")}
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [keys])
        newest = [key for (key,) in cursor.fetchall()]
    for thread in threads.values():
        thread.recent = []
    for text in TextMessage.objects.filter(pk__in=newest).order_by("-sent_at", "-pk"):
        threads[text.thread_id].recent.append(text)
    return list(threads.values())


class ThreadList(VendorView):
    collection: str
    shape: Shape
    by_tag = False
    needs_both_dates = False

    def get(self, request: Request, account: str) -> Response:
        params = self.params
        self.check_company(params.text("company_id"))
        if self.needs_both_dates and bool(params.text("start_date")) is not bool(params.text("end_date")):
            raise BadRequest("start_date and end_date belong together here: send both, or date_range.")
        threads = Thread.objects.filter(company=self.company, last_message_at__isnull=False).order_by()
        rows = in_range = range_of(params, self.context.zone).on(threads, "last_message_at")
        if term := params.text("search"):
            rows = bounded(in_range, rows.filter(self._search(term)), "A search", "conversations")
        return self.listed(self.collection, rows, NEWEST_FIRST, self.shape, load=load_threads)

    def _search(self, term: str) -> Q:
        number = normalise_if_number(term, region=self.company.region)
        found = Q(person__name__icontains=term) | Q(person__merged_into__name__icontains=term)
        found |= Q(person__phone=number or term)
        found |= Q(person=None, address=term)
        if self.by_tag:
            tagged = Thread.tags.through.objects.filter(tag__company=self.company, tag__name__iexact=term)
            found |= Q(pk__in=tagged.values("thread_id"))
        return found


class OneThread(VendorView):
    shape: Shape
    message: Shape

    def which(self, id: str) -> Q:
        raise NotImplementedError

    def thread(self, id: str, *, lock: bool = False) -> Thread:
        rows = Thread.objects.filter(self.which(id), company=self.company)
        found = (rows.select_for_update(no_key=True) if lock else rows).first()
        if found is None:
            raise NotHere
        return found

    def get(self, request: Request, account: str, id: str) -> Response:
        return self.shown(self.thread(id).pk)

    def shown(self, key: int) -> Response:
        """The head, and a page of its messages, newest first."""
        head = self.head(key)
        texts: QuerySet[TextMessage] = TextMessage.objects.filter(thread=key)
        names = self.message.names(["error"] if self.params.flag("with_msg_errors") else [])
        show = self.shower(texts, self.message, names=names)
        listing = Listing(self.request, texts, MESSAGES_NEWEST_FIRST, largest=LARGEST_PAGE_OF_MESSAGES)
        page = listing.answer("messages", show)
        page.data = {**head, **page.data}
        return page

    def head(self, key: int) -> dict[str, Any]:
        (thread,) = load_threads([key])
        names = [name for name in self.shape.names(self.params.many("fields")) if name != "recent_messages"]
        return self.shape.show(thread, self.context, names)


class ConversationsView(ThreadList):
    collection, shape = "conversations", CONVERSATION

    def post(self, request: Request, account: str) -> Response:
        """Sends a text at the vendor; this service sends none."""
        raise Forbidden


class ConversationView(OneThread):
    shape, message = CONVERSATION, MESSAGE

    def which(self, id: str) -> Q:
        return Q(resource_id=id) if id.startswith("SMT") else Q(conversation_id=id)

    def put(self, request: Request, account: str, id: str) -> Response:
        state: Any = self.body.get("state")
        if not is_one_of(state, STATES):
            raise BadRequest("state must be active or archived.")
        with transaction.atomic():
            thread = self.thread(id, lock=True)
            thread.archived = STATES[state]
            thread.save(update_fields=["archived"])
        (shown,) = load_threads([thread.pk])
        return self.one(shown, CONVERSATION)


class ThreadsView(ThreadList):
    collection, shape, by_tag, needs_both_dates = "sms_threads", THREAD, True, True


class ThreadView(OneThread):
    shape, message = THREAD, THREAD_MESSAGE

    def which(self, id: str) -> Q:
        return Q(resource_id=id)

    def put(self, request: Request, account: str, id: str) -> Response:
        changed = changes_of(self.body)
        with transaction.atomic():
            thread = self.thread(id, lock=True)
            for name, value in changed.items():
                setattr(thread, name, value)
            if changed:
                thread.save(update_fields=list(changed))
            if "tags" in self.body:
                names = tags_of(self.body, [tag.name for tag in thread.tags.all()])
                thread.tags.set(find_or_make_tags(self.company, names))
        (shown,) = load_threads([thread.pk])
        return self.one(shown, THREAD)


def changes_of(body: Mapping[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if "notes" in body:
        changed["note"] = text_of(body["notes"], "notes", LONGEST_NOTE)
    if "value" in body:
        changed["value"] = value_of(body["value"])
    if "lead_qualification" in body:
        changed["lead_status"] = lead_status_of(body["lead_qualification"])
    return changed
