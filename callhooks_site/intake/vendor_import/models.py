"""How far an import has come. A run that is killed goes on from here; what comes twice is known by the vendor's id."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from subscriptions.models import Company


class VendorCompany(models.Model):
    """A company of an account at a vendor, and the company here that it is brought into."""

    base_url = models.CharField(max_length=500)
    account_id = models.CharField(max_length=40)
    company_id = models.CharField(max_length=40)
    target = models.ForeignKey(Company, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base_url", "account_id", "company_id", "target"], name="vendor_company_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.company_id} at {self.base_url}"


class ImportProgress(models.Model):
    """One kind of thing of a vendor's company. Written in the transaction of the rows that it counts."""

    vendor_company = models.ForeignKey(VendorCompany, models.CASCADE, related_name="progress")
    kind = models.CharField(max_length=20)
    # Up to which time (calls, forms) everything is here, as the vendor wrote it; or which page comes next.
    reached = models.CharField(max_length=40, blank=True)
    page = models.PositiveIntegerField(default=1)
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    done = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vendor_company", "kind"], name="import_progress_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.vendor_company_id}"
