"""What people do with a source. Each operation writes the audit log in the same transaction."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from subscriptions.tenancy.audit_log import Actor, record

from .models import IngestSource

State = IngestSource.State
# The provider switches when somebody presses the button there, before this or after.
TOKEN_OVERLAP = timedelta(hours=24)


@transaction.atomic
def pause(source: IngestSource, actor: Actor) -> None:
    IngestSource.objects.filter(pk=source.pk).update(state=State.PAUSED)
    record(actor, "Paused", source)


@transaction.atomic
def resume(source: IngestSource, actor: Actor) -> None:
    IngestSource.objects.filter(pk=source.pk).update(state=State.ACTIVE)
    record(actor, "Resumed", source)


@transaction.atomic
def rotate_token(source: IngestSource, token: str, actor: Actor) -> None:
    """Use the new token from now on; accept the old one for TOKEN_OVERLAP too."""
    locked = IngestSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    locked.previous_auth_token = locked.auth_token
    locked.previous_until = timezone.now() + TOKEN_OVERLAP
    locked.auth_token = token
    locked.save(update_fields=["auth_token", "previous_auth_token", "previous_until"])
    record(actor, "Changed the auth token", source)
