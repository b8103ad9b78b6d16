"""What is said of an erasure: by the API, as a file, and on its page. It names nobody."""

from __future__ import annotations

from typing import Any

from .jobs import PHASES
from .models import Erasure

HASHED = (
    "HMAC-SHA-256 with a key of this company that never leaves Callhooks: of the phone number as +12145550123, or of "
    "the email address in lower case."
)
KEPT = (
    "Calls, texts, forms and webhooks stay as rows of nobody: when, how long, by which tracking number, with what "
    "outcome. Of each webhook that was sent the SHA-256 of its body stays, so that manifests can be checked."
)


def build(job: Erasure) -> dict[str, Any]:
    done = job.state == Erasure.State.DONE
    return {
        "id": job.resource_id,
        "state": job.state,
        "progress": None if done else {"step": PHASES.index(job.phase) + 1, "of": len(PHASES), "now": job.phase},
        "requested_by": job.requested_name,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "person": job.person_hashes,
        "person_is": HASHED,
        "erased": dict(sorted(job.counts.items())),
        "kept": KEPT,
        "files_elsewhere": dict(sorted(job.hosts.items())),
        "looked_through": job.looked_through,
    }
