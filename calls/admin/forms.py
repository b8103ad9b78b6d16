"""The call's form: what people say about a call, and for a new one what a phone system would."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from subscriptions.admin.kit.filters import is_id
from subscriptions.admin.kit.forms import TenantForm

from ..models import Call, Tag

LONGEST_NAME = Tag._meta.get_field("name").max_length or 100


class CallForm(TenantForm):
    new_tags = forms.CharField(
        label="New tags",
        required=False,
        max_length=500,
        help_text="Names of tags to make and put on, with commas between.",
    )

    class Meta:
        model = Call
        exclude = ()
        widgets = {"tags": forms.CheckboxSelectMultiple(attrs={"class": "chips"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and "start_time" in self.fields:
            self.fields["start_time"].initial = timezone.now

    def clean_new_tags(self) -> list[str]:
        names = {" ".join(name.split()) for name in self.cleaned_data["new_tags"].split(",")} - {""}
        for name in names:
            if len(name) > LONGEST_NAME:
                raise ValidationError(f"A tag's name has at most {LONGEST_NAME} characters.")
        return sorted(names)

    def _save_m2m(self) -> None:
        """Put on and take off what was ticked and unticked here; tags that came meanwhile stay."""
        names = self.cleaned_data.get("new_tags") or []
        ticked = {tag.pk for tag in self.cleaned_data.get("tags") or []}
        sent: Any = self.data
        shown = {int(pk) for pk in sent.getlist(self.add_initial_prefix("tags")) if is_id(pk)}
        tags = self.instance.tags
        tags.add(*(ticked - shown), *(_tag(self.instance.company_id, name).pk for name in names))
        tags.remove(*(shown - ticked))


def _tag(company_id: int, name: str) -> Tag:
    tags = Tag.objects.filter(company_id=company_id, name__iexact=name)
    known = tags.first()
    if known is None:
        try:
            with transaction.atomic():
                return Tag.objects.create(company_id=company_id, name=name)
        except IntegrityError:  # made by another at the same moment
            known = tags.get()
    return known
