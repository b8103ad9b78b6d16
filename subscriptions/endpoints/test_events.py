"""Test events: an example call, text or form, sent to one subscription only.

It is signed, retried and logged like any event. The log marks it as a test. It also reaches a subscription that is
paused or switched off, with one attempt, so that a receiver can be checked before the resume.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from ..delivery import wakeup
from ..events import catalogue
from ..events.shapes import storing
from ..events.shapes.formats import batch_of, encoding_of
from ..events.versions import DEFAULT
from ..lib.errors import ActionRefused
from ..lib.ids import uuid7
from ..models import Delivery, Event, EventBody, Subscription
from ..tracing import spans
from .operations import why_not_sent


def send_test(subscription: Subscription, event_type: str) -> Delivery:
    """Send a test event. Raises ActionRefused, or LookupError for an unknown type."""
    definition = catalogue.get(event_type)
    example = catalogue.build_example(definition, subscription.company, subscription.payload_version)
    if example is None:
        raise ActionRefused(f"There is no example of {definition.label} to send.")
    if subscription.state == Subscription.State.ARCHIVED:
        raise ActionRefused(why_not_sent(subscription))
    active = subscription.state == Subscription.State.ACTIVE
    subject, body = example
    version = subscription.payload_version
    with transaction.atomic():
        event = Event.objects.create(
            id=uuid7(),
            company_id=subscription.company_id,
            type=event_type,
            subject_id=subject.resource_id,
            sequence=1,
            body=body if version == DEFAULT else b"",
            fan_out=1,
            test=True,
            created_at=Now(),
        )
        if version != DEFAULT:
            EventBody.objects.create(event=event, version=version, body=body)
        if subscription.shape is not None:
            event.refresh_from_db(fields=["created_at"])
            storing.freeze(event, subscription, body)
        delivery = Delivery.objects.create(
            company_id=subscription.company_id,
            event=event,
            subscription=subscription,
            payload_version=version,
            encoding=encoding_of(subscription.shape, subscription.encoding),
            shaped=subscription.shape is not None,
            batch=batch_of(subscription.shape, subscription.encoding)
            if subscription.batch_events is not None
            else Delivery.Batch.ALONE,
            stage=Delivery.Stage.AVAILABLE if active else Delivery.Stage.TEST,
            due_at=Now(),
        )
        if spans.on:
            told = spans.Published(event.id, event_type, subject.resource_id, subscription.company.resource_id)
            transaction.on_commit(partial(spans.note_published, [told]))
        wakeup.after_commit([subscription.company_id])
    delivery.refresh_from_db()
    return delivery
