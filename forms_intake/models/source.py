from __future__ import annotations

import secrets
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models

from subscriptions.intake.models import IntakeSource

from ..mapping import FieldMapping
from ..origins import may_redirect, parse_origin

MOST_LINES = 50  # sites, pages or fields of a source


def new_public_key() -> str:
    """18 random bytes as text: 24 letters, digits, - and _."""
    return secrets.token_urlsafe(18)


class FormSource(IntakeSource):
    """A company's web site that sends forms.

    The public key is in that site's pages, so it is not a secret: it lets anyone send forms, and nothing else. The list
    of sites, which a browser cannot fake, the trap field and the rate limit keep others out.
    """

    public_key = models.CharField(max_length=40, unique=True, default=new_public_key, editable=False)
    allowed_origins = models.TextField(
        "sites",
        blank=True,
        help_text="The sites that may send forms, one per line, such as https://www.example.com. With and without www "
        "are two sites. Leave it empty to accept any site, and programs too.",
    )
    redirect_pages = models.TextField(
        "thank-you pages",
        blank=True,
        help_text="Where visitors go after sending a form, one address per line. A form picks one with a hidden field "
        "redirect_to; otherwise the first is used. Leave it empty to show a short thank-you page of ours.",
    )
    honeypot_field = models.CharField(
        "trap field",
        max_length=100,
        blank=True,
        default="leave_this_empty",
        help_text="The name of a hidden field that people leave empty. A form that fills it in came from a bot: it is "
        "refused, and the bot is told that it was received. Leave it empty to use no trap.",
    )
    name_fields = models.TextField(
        "fields with the name",
        blank=True,
        default="",
        db_default="",
        help_text="The names of the fields with the sender’s name, one per line, such as first_name and last_name. "
        "What is in them becomes the person’s name, unless the person has one.",
    )
    email_fields = models.TextField(
        "fields with the email address",
        blank=True,
        default="",
        db_default="",
        help_text="One per line; the first with an email address counts. Needed only where the field’s name does not "
        "say it, such as input_2.",
    )
    phone_fields = models.TextField(
        "fields with the phone number",
        blank=True,
        default="",
        db_default="",
        help_text="One per line; the first with a phone number counts. Needed only where the field’s name does not say "
        "it, such as input_3.",
    )
    active = models.BooleanField(
        default=True, help_text="A source that is not active refuses every form. You can accept them later."
    )

    class Meta(IntakeSource.Meta):
        verbose_name = "web form"

    @property
    def origins(self) -> list[str]:
        return self.allowed_origins.split()

    @property
    def pages(self) -> list[str]:
        return self.redirect_pages.split()

    @property
    def mapping(self) -> FieldMapping:
        return FieldMapping(
            name=tuple(self.name_fields.splitlines()),
            email=tuple(self.email_fields.splitlines()),
            phone=tuple(self.phone_fields.splitlines()),
        )

    def clean(self) -> None:
        for name in ("name_fields", "email_fields", "phone_fields"):
            setattr(self, name, self._clean_lines(name, str))
        self.allowed_origins = self._clean_lines("allowed_origins", parse_origin)
        self.redirect_pages = self._clean_lines("redirect_pages", _check_page)
        self.honeypot_field = self.honeypot_field.strip()

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may send forms. `origin` is the browser's header, empty if there was none."""
        return not self.origins or origin in self.origins

    def choose_page(self, wanted: str) -> str:
        """Where to send the visitor: always one of the source's pages, or empty for nowhere."""
        if wanted:
            return wanted if may_redirect(wanted, self.pages) else ""
        return self.pages[0] if self.pages else ""

    def _clean_lines(self, name: str, read: Callable[[str], str]) -> str:
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


def _check_page(url: str) -> str:
    parse_origin(url)
    return url
