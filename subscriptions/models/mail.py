from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from .alerts import AlertDestination
from .company import Company
from .invitation import Invitation


class MailRequest(models.Model):
    """A mail that somebody asked for, until the cluster has sent it (`tenancy/mails.py`).

    It holds no token: these are made when the mail is sent. A request for a new password is stored for
    every address, whether somebody has it or not, so that the response takes as long for all."""

    class Kind(models.TextChoices):
        PASSWORD_RESET = "reset", "Password reset"
        INVITATION = "invitation", "Invitation"
        ALERT = "alert", "Alert"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    email = models.EmailField(blank=True)  # as entered; emptied once the request is done
    invitation = models.ForeignKey(Invitation, models.CASCADE, null=True, related_name="+", db_index=False)
    # An alert: to whom, and what it says, which is fixed when it happens.
    destination = models.ForeignKey(
        AlertDestination, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    # Whose alert it is, for the limit: that stays when the destination is removed.
    company = models.ForeignKey(
        Company, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    subject = models.CharField(max_length=300, blank=True, default="", db_default="")
    text = models.TextField(blank=True, default="", db_default="")
    client = models.CharField(max_length=45, blank=True)  # the address that asked, for the limits
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("due_at", condition=models.Q(finished_at=None), name="mail_request_waits"),
            models.Index("kind", "created_at", name="mail_request_age"),
            models.Index(
                "company",
                "created_at",
                condition=models.Q(company__isnull=False),
                name="mail_request_of_company",
            ),
            models.Index("invitation", name="mail_request_invitation", condition=models.Q(invitation__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
