"""The feed: every event of the company, in an order without gaps. Pages, long polling, server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from ..endpoints.rules import validate_events
from ..feed import consumers, cursors, waiting
from ..feed.cursors import BEGINNING, Cursor
from ..feed.errors import CannotContinue
from ..feed.reading import Feed, FeedEvent, Page
from ..feed.signed_events import Signer
from ..models import FeedConsumer, Subscription
from . import feed_reference
from .kit.errors import BadQuery
from .kit.views import TenantViewSet

PARAMETERS = ("after", "consumer", "page_size", "subscription", "type", "wait")
LATEST = "latest"
DEFAULT_SIZE, LARGEST_SIZE = 100, 500
EVENT_STREAM = "text/event-stream"
RECONNECT_MS = 2_000


class FeedEventSerializer(serializers.Serializer[Any]):
    cursor = serializers.CharField(help_text="The place after this event.")
    id = serializers.CharField(help_text="The webhook-id header of all its deliveries.")
    type = serializers.CharField()
    subject = serializers.CharField(help_text="The resource id of the call, text or form.")
    sequence = serializers.IntegerField()
    test = serializers.BooleanField(help_text="True for a test event; only in the feed of its subscription.")
    created_at = serializers.DateTimeField()
    payload_version = serializers.CharField(allow_null=True)
    headers = serializers.DictField(
        child=serializers.CharField(),
        help_text="As a webhook's, signed now. webhook-signature only with a subscription.",
    )
    body = serializers.CharField(
        allow_null=True,
        help_text="The exact body, as text: what the signatures sign. null if it tells nothing in the versions in "
        "which events of its type are wanted.",
    )


class FeedPageSerializer(serializers.Serializer[Any]):
    cursor = serializers.CharField(help_text="Send this as `after` to go on.")
    more = serializers.BooleanField(help_text="True: ask again at once. False: the end was reached.")
    results = FeedEventSerializer(many=True)


class Gone(APIException):
    status_code = HTTPStatus.GONE


class NoPlaceToWait(APIException):
    status_code = HTTPStatus.TOO_MANY_REQUESTS
    wait = waiting.LOOK_AGAIN_SECONDS
    default_detail = (
        f"As many requests wait for events as may. Ask again in {waiting.LOOK_AGAIN_SECONDS} s, or now without `wait`."
    )


class FeedViewSet(TenantViewSet):
    """`GET feed/` answers with a page, or with a stream of server-sent events where the request accepts one."""

    reference = feed_reference.FEED
    pagination_class = None
    filter_backends = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # Never in one transaction: a request that waits would hold it open.
        return super(TenantViewSet, self).dispatch(request, *args, **kwargs)

    @extend_schema(
        parameters=[
            OpenApiParameter("after", description="A cursor, or `latest`. Absent: begins with the oldest event kept."),
            OpenApiParameter("consumer", description="The name of a consumer: its place, subscription and types."),
            OpenApiParameter("subscription", description="Only what this subscription gets, as it gets it."),
            OpenApiParameter("type", description="Only events of these types, separated by commas."),
            OpenApiParameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE},
                description=f"Default: {DEFAULT_SIZE}. A page may have fewer events though more follow.",
            ),
            OpenApiParameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": waiting.LONGEST_WAIT},
                description="If there is no event, wait for one for so many seconds.",
            ),
            OpenApiParameter(
                "Last-Event-ID", location=OpenApiParameter.HEADER, description="With server-sent events: the cursor."
            ),
        ],
        responses=forced_singular_serializer(FeedPageSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Any:
        """Every event, in the order of their transactions. With `Accept: text/event-stream` the answer is a stream of
        server-sent events, which ends after a minute: connect again with `Last-Event-ID`."""
        query = request.query_params
        if unknown := sorted(set(query) - set(PARAMETERS)):
            words = f"Unknown parameter. Known parameters: {', '.join(PARAMETERS)}."
            raise BadQuery(dict.fromkeys(unknown, words))
        feed, place = self._find_feed(query)
        streaming = EVENT_STREAM in request.headers.get("Accept", "")
        last_seen = request.headers.get("Last-Event-ID") if streaming else None
        after = _find_place(feed, last_seen or query.get("after"), place)
        size = _number(query, "page_size", 1, LARGEST_SIZE, DEFAULT_SIZE)
        wait = _number(query, "wait", 0, waiting.LONGEST_WAIT, 0)
        try:
            if streaming:
                waiting.limit_writes(request.META)
                return self._stream(feed, after, size)
            page = feed.read(after, size=size)
            if wait and not page.events and not page.more:
                with waiting.place(self.company.pk):
                    page = waiting.wait_for_page(feed, page.cursor, size=size, seconds=wait)
        except CannotContinue as error:
            raise Gone(str(error)) from None
        except waiting.NoPlace:
            raise NoPlaceToWait from None
        body = {"cursor": str(page.cursor), "more": page.more, "results": _represent(Signer(feed), page.events)}
        return Response(body, headers={"Cache-Control": "no-store"})

    def _stream(self, feed: Feed, after: Cursor, size: int) -> StreamingHttpResponse:
        first = feed.read(after, size=size)  # what is wrong is a status, and not a stream that breaks off
        release = waiting.take_place(self.company.pk)
        answer = StreamingHttpResponse(_tell(feed, first, size), content_type=EVENT_STREAM)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Accel-Buffering"] = "no"  # for nginx
        answer._resource_closers.append(release)  # type: ignore[attr-defined]  # also if nobody reads a word of it
        return answer

    def _find_feed(self, query: Any) -> tuple[Feed, Cursor]:
        """The feed that is asked for, and where it begins without `after`."""
        if "consumer" not in query:
            wanted = query.get("subscription")
            subscription = None if wanted is None else _find_subscription(self.company.pk, wanted)
            return Feed(self.company, subscription, _types(query.get("type"))), BEGINNING
        if narrowed := sorted({"subscription", "type"} & set(query)):
            raise BadQuery(dict.fromkeys(narrowed, "The consumer has its own. Leave this out."))
        consumer = FeedConsumer.objects.filter(company=self.company, name=query["consumer"]).first()
        if consumer is None:
            raise BadQuery({"consumer": "There is no such consumer. Create it at feed-consumers/."})
        consumers.note_heard(consumer)
        return consumers.feed_of(consumer, self.company), consumers.place_of(consumer)


def _tell(feed: Feed, first: Page, size: int) -> Iterator[bytes]:
    """Server-sent events. A comment now and then shows whether anybody still listens."""
    signer = Signer(feed)
    yield f"retry: {RECONNECT_MS}\n\n".encode()
    yield _as_stream(signer, first)
    try:
        for page in waiting.follow(feed, first.cursor, size=size):
            yield _as_stream(signer, page)
    except CannotContinue as error:  # deleted while it was being read
        yield f"event: error\ndata: {json.dumps(str(error))}\n\n".encode()


def _as_stream(signer: Signer, page: Page) -> bytes:
    told = [
        f"id: {event['cursor']}\nevent: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
        for event in _represent(signer, page.events)
    ]
    # A comment with an id: the place moves on, though nothing of it was wanted.
    return "".join([*told, f"id: {page.cursor}\n: \n\n"]).encode()


def _represent(signer: Signer, events: list[FeedEvent]) -> list[dict[str, Any]]:
    return [
        {
            "cursor": str(event.cursor),
            "id": f"evt_{event.id.hex}",
            "type": event.type,
            "subject": event.subject_id,
            "sequence": event.sequence,
            "test": event.test,
            "created_at": event.created_at.isoformat().replace("+00:00", "Z"),
            "payload_version": event.payload_version,
            "headers": signer.headers(event),
            "body": None if event.body is None else event.body.decode(),
        }
        for event in events
    ]


def _find_subscription(company: int, resource_id: str) -> Subscription:
    found = (
        Subscription.objects.filter(company=company, resource_id=resource_id)
        .exclude(state=Subscription.State.ARCHIVED)
        .first()
    )
    if found is None:
        raise BadQuery({"subscription": "There is no such subscription. Send its resource id, SUB…."})
    return found


def _find_place(feed: Feed, text: str | None, otherwise: Cursor) -> Cursor:
    if text is None:
        return otherwise
    if text == LATEST:
        return feed.newest()
    try:
        return cursors.parse(text)
    except ValueError:
        raise BadQuery({"after": "This cursor is invalid. Send one of an earlier answer without changes."}) from None


def _types(text: str | None) -> list[str]:
    if text is None:
        return []
    try:
        return validate_events(text.split(","))
    except ValueError as error:
        raise BadQuery({"type": str(error)}) from None


def _number(query: Any, name: str, least: int, most: int, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most):
        raise BadQuery({name: f"This must be a number from {least} to {most}."})
    return int(text)
