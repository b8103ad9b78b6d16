"""Insert new calls with their tags and publish what is due for them, in the caller's transaction.

The values must be as the database would return them, as `values.build_call` leaves them: nothing that was just written
is read again, which would be half of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

from subscriptions.models import Company, new_rows

from .. import events
from ..bulk import assign_people
from ..models import Call, Tag
from ..selectors import insert_and_count
from ..tagging import find_or_make_tags

Names = tuple[str, ...]


def insert_calls(company: Company, calls: Sequence[Call], tag_names: Sequence[Names], *, publish: bool = True) -> None:
    """Insert checked, unsaved calls with the tags of each. Without `publish` they count as published already. Raises
    IntegrityError if a call with the same natural key exists."""
    assign_people(calls)
    counted_at = None
    if publish and len(calls) == 1:
        counted_at = insert_and_count(calls[0])
    else:  # several do not see each other while they are inserted: their counts are read after that
        new_rows.insert_rows(calls)
    _insert_tags(company, calls, tag_names)
    if publish:
        events.publish_new(calls, counted_at)
    else:
        events.mark_as_published([call.resource_id for call in calls])


def _insert_tags(company: Company, calls: Sequence[Call], tag_names: Sequence[Names]) -> None:
    tags: dict[Names, list[Tag]] = {}
    for names in sorted(set(tag_names)):
        tags[names] = find_or_make_tags(company, names)
    for call, names in zip(calls, tag_names, strict=True):
        call.set_known_tags(tags[names])
    through = Call.tags.through
    rows = [
        through(call_id=call.pk, tag_id=tag.pk)
        for call, names in zip(calls, tag_names, strict=True)
        for tag in tags[names]
    ]
    if rows:
        through.objects.bulk_create(rows)
