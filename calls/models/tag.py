from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now

from subscriptions.models import Company


class Tag(models.Model):
    """A label that people and rules put on calls."""

    class Level(models.TextChoices):
        COMPANY = "company", "Company"
        ACCOUNT = "account", "Account"

    company = models.ForeignKey(Company, models.PROTECT, related_name="tags")
    name = models.CharField(max_length=100)
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.COMPANY)
    color = models.CharField(max_length=20, default="gray1")
    active = models.BooleanField(
        default=True, db_default=True, help_text="Not active: it stays on its calls, and is not offered for new ones."
    )
    # Null: made before this was noted.
    created_at = models.DateTimeField(null=True, db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "company",
                Lower("name"),
                name="tag_name_once",
                violation_error_message="This company has a tag of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name
