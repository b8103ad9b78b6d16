"""CloudEvents 1.0 over HTTP: structured, the body in an envelope; or binary, the usual body with ce- headers."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from .about import About

STRUCTURED_TYPE = "application/cloudevents+json"
DATA_TYPE = "application/json"


def attributes(about: About) -> dict[str, str]:
    """What an event is, by its names of CloudEvents; `sequence` is an extension that they document."""
    return {
        "specversion": "1.0",
        "id": f"evt_{about.id.hex}",  # the header webhook-id
        "source": f"{settings.PUBLIC_URL}/companies/{about.company}",
        "type": f"callhooks.{about.type}",
        "subject": about.subject_id,
        "time": about.created_at,
        "sequence": str(about.sequence),
        "sequencetype": "Integer",
    }


def envelope(data: Any, about: About) -> dict[str, Any]:
    return {**attributes(about), "datacontenttype": DATA_TYPE, "data": data}


def headers(about: About) -> dict[str, str]:
    """Of a binary one, beside Content-Type, which says what the data is."""
    return {f"ce-{name}": value for name, value in attributes(about).items()}
