"""The bodies that were stored with an event."""

from __future__ import annotations

from ..delivery.form_encoding import encode_body
from ..models import Delivery, Event, EventBody, ShapedBody
from . import versions
from .versions import DEFAULT


def read_bodies(event: Event) -> dict[str, bytes]:
    """Payload version → body, in the table's order; only those in which the event was wanted, and the default's."""
    found = {body.version: bytes(body.body) for body in EventBody.objects.filter(event=event)}
    if event.body:
        found[DEFAULT] = bytes(event.body)
    order = [version.name for version in versions.all_versions()]
    known = {name: found.pop(name) for name in order if name in found}
    return known | dict(sorted(found.items()))  # the rest: versions that are no longer in the table


def read_sent(delivery: Delivery) -> bytes:
    """The bytes that this delivery sends."""
    if delivery.shaped:
        shaped = ShapedBody.objects.filter(event=delivery.event_id, subscription_id=delivery.subscription_id)
        return encode_body(bytes(shaped.values_list("body", flat=True).get()), delivery.encoding)
    rows = (
        Event.objects.filter(pk=delivery.event_id)
        if delivery.payload_version == DEFAULT
        else EventBody.objects.filter(event=delivery.event_id, version=delivery.payload_version)
    )
    return encode_body(bytes(rows.values_list("body", flat=True).get()), delivery.encoding)
