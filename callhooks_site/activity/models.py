from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from subscriptions.models import Company

# As it is encoded in an address, where a letter of another alphabet takes six characters or nine.
MOST_QUERY = 1_000


class SavedView(models.Model):
    """Filters of the activity page under a name: of one person, or of all of a company."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    # Null: everybody in the company sees it.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=MOST_QUERY, blank=True)  # as in the page's address
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "owner", "name"], condition=~models.Q(owner=None), name="view_of_person_once"
            ),
            models.UniqueConstraint(
                fields=["company", "name"], condition=models.Q(owner=None), name="view_of_company_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
