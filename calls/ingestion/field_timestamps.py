"""Messages about one call may overtake each other: of every field the newest value wins.

A source says in `as_of` when its message was true. The call keeps the time of each field; a message that arrives late
changes only what is older than itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..models import Call
from .natural_keys import NATURAL_KEY

Data = Mapping[str, Any]


def drop_older_values(call: Call, data: Data) -> Data:
    """`data` without the fields of which the call has a newer value. Notes the time of the others in the call."""
    as_of = data.get("as_of")
    if not as_of and not call.field_timestamps:
        return data
    # A message without a time counts as sent now.
    moment = as_of or timezone.now()
    known = {name: datetime.fromisoformat(time) for name, time in call.field_timestamps.items()}
    newer = {
        name: value
        for name, value in data.items()
        if name in NATURAL_KEY or name == "as_of" or name not in known or known[name] <= moment
    }
    times = {name: moment.isoformat() for name in newer if name not in NATURAL_KEY and name != "as_of"}
    call.field_timestamps = call.field_timestamps | times
    return newer | {"as_of": moment}
