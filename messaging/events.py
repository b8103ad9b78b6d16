"""A text fires one event when it is created."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save

from calls.payloads.values import display_name
from subscriptions.events.catalogue import Told
from subscriptions.events.conditions import UNKNOWN, Named
from subscriptions.events.publishing import Publisher

from .models import TextMessage

KIND = "text"
SENT = "text_message_sent"
RECEIVED = "text_message_received"


def texts_for_webhooks() -> QuerySet[TextMessage]:
    return TextMessage.objects.select_related(
        "company", "tracker", "thread__person__merged_into", "thread__assigned_to"
    )


def read_one(resource_id: str) -> TextMessage | None:
    return texts_for_webhooks().filter(resource_id=resource_id).first()


def publish_due(resource_ids: Sequence[str]) -> None:
    """Publish what is due for these texts, in the current transaction or one of its own."""
    with transaction.atomic():
        texts = list(texts_for_webhooks().filter(resource_id__in=resource_ids).order_by("pk"))
        if not texts:
            return
        with Publisher(KIND, texts) as publisher:
            for text in texts:
                publisher.publish(_type_of(text), text)


def publish_new(text: TextMessage) -> None:
    """`publish_due` for a text that this transaction has just inserted. The object must hold what the database holds,
    with its company, tracking number, conversation and person: nothing that was just written is read again."""
    with Publisher(KIND, [text], new_at=text.created_at) as publisher:
        publisher.publish(_type_of(text), text)


def _type_of(text: TextMessage) -> str:
    return SENT if text.direction == TextMessage.Direction.OUTBOUND else RECEIVED


def facts(text: TextMessage) -> dict[str, Any]:
    """What conditions of subscriptions may ask of a text."""
    return {
        "tracker": Named(text.tracker.resource_id, text.tracker.name),
        "direction": text.direction,
        "source": display_name(text.tracker.source),
    }


def past_facts(told: Sequence[Told]) -> list[dict[str, Any]]:
    """The same of past events. Their bodies tell none of it; a text and its tracking number stay what they were."""
    texts = TextMessage.objects.filter(resource_id__in={one.subject_id for one in told}).select_related("tracker")
    known = {text.resource_id: facts(text) for text in texts.only("resource_id", "direction", "tracker")}
    gone = dict.fromkeys(("tracker", "direction", "source"), UNKNOWN)
    return [known.get(one.subject_id, gone) for one in told]


def connect() -> None:
    post_save.connect(text_saved, sender=TextMessage, dispatch_uid="messaging.text_saved")


def text_saved(instance: TextMessage, created: bool, raw: bool = False, **_: Any) -> None:
    if created and not raw and not instance.fires_no_event:
        publish_due([instance.resource_id])
