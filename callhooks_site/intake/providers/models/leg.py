from __future__ import annotations

from typing import ClassVar

from django.db import connection, models
from django.db.models.functions import Now

from .source import IngestSource


class ProviderLegManager(models.Manager["ProviderLeg"]):
    def parent_of(self, source: IngestSource, sid: str, *, found: str = "") -> str:
        """The call that this SID is a leg of, as far as is known; empty if it is none. Locked until the transaction
        ends, so that a callback that names only the leg, and the one that says whose leg it is, take turns. `found`:
        the parent, where the caller knows it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO providers_providerleg AS known (source_id, sid, parent_sid, noted_at) "
                "VALUES (%s, %s, %s, clock_timestamp()) ON CONFLICT (sid, source_id) "
                "DO UPDATE SET parent_sid = coalesce(nullif(known.parent_sid, ''), excluded.parent_sid) "
                "RETURNING parent_sid",
                [source.pk, sid, found],
            )
            return str(cursor.fetchone()[0])


class ProviderLeg(models.Model):
    """A leg of a call. Some callbacks name only the leg, such as those of answering machine detection."""

    source = models.ForeignKey(IngestSource, models.CASCADE, related_name="+", db_index=False)
    sid = models.CharField(max_length=64)
    parent_sid = models.CharField(max_length=64, blank=True)
    noted_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects: ClassVar[ProviderLegManager] = ProviderLegManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sid", "source"], name="provider_leg_once")]

    def __str__(self) -> str:
        return self.sid
