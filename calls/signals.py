"""Call `events.publish_due` after saves and tag changes. Nothing is decided here."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import m2m_changed, post_save, pre_delete

from . import events
from .models import Call, Tag


def connect() -> None:
    post_save.connect(call_saved, sender=Call, dispatch_uid="calls.call_saved")
    m2m_changed.connect(tags_changed, sender=Call.tags.through, dispatch_uid="calls.tags_changed")
    pre_delete.connect(publish_before_tag_delete, sender=Tag, dispatch_uid="calls.publish_before_tag_delete")


def call_saved(instance: Call, raw: bool = False, **_: Any) -> None:
    if not raw and not instance.fires_no_event:  # raw: a fixture, a copy of what was already published
        events.publish_due([instance.resource_id])


def tags_changed(instance: Call | Tag, action: str, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
    if action not in ("post_add", "post_remove", "pre_clear", "post_clear"):
        return
    if not reverse:
        call: Any = instance
        if action != "pre_clear" and not call.fires_no_event:
            events.publish_due([call.resource_id])
        return
    # From the tag's side: remember its calls, since nobody knows them after a clear.
    tag: Any = instance
    if action == "pre_clear":
        tag._cleared_calls = list(tag.calls.values_list("resource_id", flat=True))
        return
    ids = (
        tag.__dict__.pop("_cleared_calls", [])
        if action == "post_clear"
        else list(Call.objects.filter(pk__in=pk_set or ()).values_list("resource_id", flat=True))
    )
    if ids:
        events.publish_due(ids)


def publish_before_tag_delete(instance: Tag, **_: Any) -> None:
    # Django deletes the rows between calls and tags without a signal, but deleting a tag changes its calls.
    with transaction.atomic():
        instance.calls.clear()
