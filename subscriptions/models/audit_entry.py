from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .access import ApiKey
from .company import Company


class AuditEntry(models.Model):
    """Who did what. Written once (`subscriptions/tenancy/audit_log.py`), never changed.

    Names are stored beside the references, so that an entry stays readable after the user or the object is deleted.
    """

    # Null: an action that concerns no company, such as an operator's on the task queue.
    company = models.ForeignKey(Company, models.CASCADE, null=True, related_name="audit_entries", db_index=False)
    at = models.DateTimeField("when", db_default=Now(), editable=False)
    actor = models.CharField("who", max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    as_operator = models.BooleanField("as operator", default=False, db_default=False)
    act = models.CharField("what", max_length=60)
    object_type = models.CharField(max_length=60, blank=True, default="")
    object_id = models.CharField(max_length=60, blank=True, default="")
    object_name = models.CharField("of what", max_length=200, blank=True, default="")
    detail = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index("company", models.F("at").desc(), models.F("id").desc(), name="audit_of_company"),
            # The log's filters: by person, by action.
            models.Index("company", "user", models.F("at").desc(), name="audit_by_user"),
            models.Index("company", "act", models.F("at").desc(), name="audit_by_act"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.act}"
