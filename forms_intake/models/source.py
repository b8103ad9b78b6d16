from __future__ import annotations

import secrets
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from subscriptions.models import Company

from ..origins import may_redirect, origin_of

MOST_LINES = 50  # sites or pages of a source


def new_public_key() -> str:
    """18 random bytes as text: 24 letters, digits, - and _."""
    return secrets.token_urlsafe(18)


class FormSource(models.Model):
    """A company's web site whose forms come in.

    The public key stands in the pages of that site, so it is no secret: whoever has it can send forms, and no more.
    What keeps others out is the list of sites, which browsers cannot lie about, and the honeypot and the throttle.
    """

    company = models.ForeignKey(Company, models.PROTECT, related_name="form_sources")
    name = models.CharField(max_length=100, help_text="For you, such as: Our web site.")
    public_key = models.CharField(max_length=40, unique=True, default=new_public_key, editable=False)
    allowed_origins = models.TextField(
        "sites",
        blank=True,
        help_text="The sites whose pages may send forms, one a line, such as https://www.example.com. With and without "
        "www are two sites. Empty: any site, and programs too.",
    )
    redirect_pages = models.TextField(
        "pages to go on to",
        blank=True,
        help_text="Where a visitor may be sent after a form was received, one address a line. A form names one of them "
        "in a hidden field redirect_to; without that the first is taken. Empty: a short page of ours says thank you.",
    )
    honeypot_field = models.CharField(
        "trap field",
        max_length=100,
        blank=True,
        default="leave_this_empty",
        help_text="The name of a field that people do not see. A form in which it is filled in came from a robot: it "
        "is refused, and the robot is told that it was received. Empty: no trap.",
    )
    active = models.BooleanField(
        default=True, help_text="What comes to a source that is not active is refused; it can be taken in later."
    )

    last_received_at = models.DateTimeField("last received", null=True, editable=False)
    received = models.PositiveBigIntegerField("taken in", default=0, db_default=0, editable=False)
    refused = models.PositiveBigIntegerField("refused", default=0, db_default=0, editable=False)
    # Refused, and so many before that no row was kept.
    unlisted = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField("made", db_default=Now(), editable=False)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def origins(self) -> list[str]:
        return self.allowed_origins.split()

    @property
    def pages(self) -> list[str]:
        return self.redirect_pages.split()

    def clean(self) -> None:
        self.allowed_origins = self._lines("allowed_origins", origin_of)
        self.redirect_pages = self._lines("redirect_pages", _page)
        self.honeypot_field = self.honeypot_field.strip()

    def takes_from(self, origin: str) -> bool:
        """Whether a page of this origin (as the browser names it; empty: none named) may send."""
        return not self.origins or origin in self.origins

    def page_after(self, wanted: str) -> str:
        """Where to send the visitor; empty: nowhere. Only ever to one of the source's pages."""
        if wanted:
            return wanted if may_redirect(wanted, self.pages) else ""
        return self.pages[0] if self.pages else ""

    def _lines(self, name: str, read: Callable[[str], str]) -> str:
        lines = [line.strip() for line in getattr(self, name).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError({name: f"At most {MOST_LINES} lines."})
        kept = []
        for line in lines:
            try:
                kept.append(read(line))
            except ValueError as error:
                raise ValidationError({name: f"{line[:100]}: {error}"}) from None
        return "\n".join(dict.fromkeys(kept))


def _page(url: str) -> str:
    origin_of(url)
    return url
