from __future__ import annotations

from typing import ClassVar

from django.db import connection, models
from django.db.models.functions import Now

from calls.models import Call
from subscriptions.models import Company

from .source import IngestSource


class ProviderCallManager(models.Manager["ProviderCall"]):
    def locked(self, source: IngestSource, sid: str) -> ProviderCall:
        """The row of this call, created if new and locked until the transaction ends: callbacks of one call that arrive
        at the same moment take turns here."""
        mine = self.select_for_update(of=("self",), no_key=True).filter(source=source, sid=sid)
        if known := mine.first():
            return known
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO providers_providercall (company_id, source_id, sid, facts, heard_at) "
                "VALUES (%s, %s, %s, '{}', clock_timestamp()) ON CONFLICT (source_id, sid) DO NOTHING",
                [source.company_id, source.pk, sid],
            )
        return mine.get()


class ProviderCall(models.Model):
    """What a provider's callbacks have reported about one call so far (see `callback_facts`). The call itself exists as
    soon as it is known who calls whom."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey(IngestSource, models.CASCADE, related_name="calls", db_index=False)
    sid = models.CharField("call SID", max_length=64)
    facts = models.JSONField(default=dict)
    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="+")
    # When something new last arrived.
    heard_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects: ClassVar[ProviderCallManager] = ProviderCallManager()

    class Meta:
        # The SID comes first because people search for it.
        constraints = [models.UniqueConstraint(fields=["sid", "source"], name="provider_call_once")]
        # The list of a company, newest first.
        indexes = [models.Index("company", models.F("id").desc(), name="provider_call_of_company")]

    def __str__(self) -> str:
        return self.sid
