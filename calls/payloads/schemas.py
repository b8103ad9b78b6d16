"""JSON Schemas for values of call webhooks whose field class says too little. Absent values are empty strings."""

from __future__ import annotations

from ..call_states import FORMATTED_TYPES
from ..models import Call
from .values import MILESTONES as NAMES

CALL_TYPE = {"enum": list(FORMATTED_TYPES)}
DIRECTION = {"enum": list(Call.Direction.values)}
SCORE = {"enum": [1, ""]}
NUMBER_OR_EMPTY = {"anyOf": [{"type": "integer"}, {"const": ""}]}
LIST_OR_EMPTY = {"anyOf": [{"type": "array"}, {"const": ""}]}
OBJECT_OR_EMPTY = {"anyOf": [{"type": "object"}, {"const": ""}]}
TAGS = {"type": "array", "items": {"type": "string"}}
DETAIL_TAGS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("name", "level", "color")},
        "required": ["name", "level", "color"],
        "additionalProperties": False,
    },
}
MILESTONES = {
    "type": "object",
    "properties": {name: {"type": "object"} for name in NAMES},
    "additionalProperties": False,
}
