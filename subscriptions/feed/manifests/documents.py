"""What a manifest is made of: lines of JSON for its events, in pages, and a document that holds it all together."""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from ...delivery.signing import standard_signature, vendor_signature
from ...models import Manifest, ManifestPage, Subscription

EVENTS_PER_PAGE = 10_000  # some 1.4 MB of lines, 0.8 MB compressed: what a reader holds at once


def line(event: UUID, kind: str, subject: str, sequence: int, digest: bytes, outcome: str) -> str:
    """One event: id, type, subject, sequence, SHA-256 of the body as it is sent, outcome."""
    fields = [f"evt_{event.hex}", kind, subject, sequence, digest.hex(), outcome]
    return json.dumps(fields, separators=(",", ":")) + "\n"


def pack(lines: Sequence[str]) -> tuple[bytes, str]:
    """The stored bytes of a page, and the hash of what they unpack to."""
    text = "".join(lines).encode()
    return zlib.compress(text), hashlib.sha256(text).hexdigest()


def unpack(page: ManifestPage) -> bytes:
    return zlib.decompress(bytes(page.lines))


def build_document(
    subscription: Subscription,
    day: date,
    *,
    number: int,
    previous: Manifest | None,
    pages: Sequence[Mapping[str, object]],
    outcomes: Counter[str],
    made_at: datetime,
) -> bytes:
    said = {
        "subscription": subscription.resource_id,
        "company": subscription.company.resource_id,
        "day": day.isoformat(),
        "number": number,
        "previous": None if previous is None else {"day": previous.day.isoformat(), "sha256": digest(previous)},
        "events": outcomes.total(),
        "outcomes": dict(sorted(outcomes.items())),
        "pages": list(pages),
        "made_at": made_at.isoformat(),
    }
    return json.dumps(said, indent=1).encode()


def digest(manifest: Manifest) -> str:
    return hashlib.sha256(bytes(manifest.document)).hexdigest()


def signed_headers(manifest: Manifest, subscription: Subscription) -> dict[str, str]:
    """The signatures of a document, as a webhook's: made with the secrets that are valid now."""
    body = bytes(manifest.document)
    webhook_id = f"manifest_{subscription.resource_id}_{manifest.day.isoformat()}"
    timestamp = int(time.time())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": standard_signature(
            body, webhook_id=webhook_id, timestamp=timestamp, secrets=subscription.secrets
        ),
        "Signature": vendor_signature(body, signing_key=subscription.company.signing_key),
    }
