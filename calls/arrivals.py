"""Inserting new calls, one or many, with their tags, and telling what is due of them: one transaction's part.

For calls whose values came through `ingestion`: of the right kind, as the database would give them back. So nothing
that was just written is read again, which would be half of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

from subscriptions.models import Company, columns

from . import bulk, events
from .models import Call, Tag
from .tagging import tags_named

Names = tuple[str, ...]


def insert(company: Company, calls: Sequence[Call], named: Sequence[Names], *, publish: bool = True) -> None:
    """Calls that are checked and not saved yet, and the names of the tags of each. Without `publish`, what is there
    counts as told. Raises IntegrityError where one of them is known."""
    bulk.find_people(calls)
    columns.insert_rows(calls)
    _tag(company, calls, named)
    if publish:
        events.publish_new(calls)
    else:
        events.mark_as_published([call.resource_id for call in calls])


def _tag(company: Company, calls: Sequence[Call], named: Sequence[Names]) -> None:
    tags: dict[Names, list[Tag]] = {}
    for names in sorted(set(named)):
        tags[names] = tags_named(company, names)
    for call, names in zip(calls, named, strict=True):
        call.set_known_tags(tags[names])
    through = Call.tags.through
    rows = [
        through(call_id=call.pk, tag_id=tag.pk) for call, names in zip(calls, named, strict=True) for tag in tags[names]
    ]
    if rows:
        through.objects.bulk_create(rows)
