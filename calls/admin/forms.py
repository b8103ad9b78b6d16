"""The call's form: what people add to a call and, for a new one, what a phone system would report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.html import format_html

from subscriptions.admin.kit.filters import is_id
from subscriptions.admin.kit.forms import TenantForm

from ..models import Call, Tag
from ..tagging import find_or_make_tags
from .tag_colours import draw_dot

MOST_TAGS_OFFERED = 200  # boxes to tick: a page of them. A request can make a hundred tags for each of a thousand calls
LONGEST_NAME = Tag._meta.get_field("name").max_length or 100


class CallForm(TenantForm):
    new_tags = forms.CharField(
        label="New tags",
        required=False,
        max_length=500,
        help_text="New tags for this call, separated by commas.",
    )

    class Meta:
        model = Call
        exclude = ()
        widgets = {
            "tags": forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
            "value": forms.TextInput(attrs={"inputmode": "decimal"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and "start_time" in self.fields:
            self.fields["start_time"].initial = timezone.now
        if "tags" in self.fields:
            self._offer_tags(self.fields["tags"])
        if "lead_status" in self.fields and not self.instance._state.adding:
            self._offer_lead_status(self.fields["lead_status"])

    def _offer_lead_status(self, field: Any) -> None:
        """Two choices, or none; another is there only for a call that has it."""
        offered = [Call.LeadStatus.GOOD, Call.LeadStatus.NOT]
        if self.instance.lead_status and self.instance.lead_status not in offered:
            offered.append(Call.LeadStatus(self.instance.lead_status))
        field.widget = forms.RadioSelect(attrs={"class": "scale"})
        field.choices = [*((one.value, one.label) for one in offered), ("", "Not said")]

    def _offer_tags(self, field: Any) -> None:
        """The call's own tags, and the first of the others; accepted are all."""
        own = [] if self.instance._state.adding else list(self.instance.tags.all())
        others = field.queryset.exclude(pk__in=[tag.pk for tag in own]).order_by(Lower("name"), "pk")
        others = list(others[: MOST_TAGS_OFFERED + 1])
        if len(others) > MOST_TAGS_OFFERED:
            field.help_text = f"The first {MOST_TAGS_OFFERED} tags. Write others under “New tags”."
        offered = sorted([*own, *others[:MOST_TAGS_OFFERED]], key=lambda tag: tag.name.lower())
        field.choices = [(tag.pk, format_html("{}{}", draw_dot(tag.color), tag.name)) for tag in offered]

    def clean_new_tags(self) -> list[str]:
        names = {" ".join(name.split()) for name in self.cleaned_data["new_tags"].split(",")} - {""}
        for name in names:
            if len(name) > LONGEST_NAME:
                raise ValidationError(f"A tag name has at most {LONGEST_NAME} characters.")
        return sorted(names)

    def _save_m2m(self) -> None:
        """Add the tags ticked here and remove those unticked here; tags that others added meanwhile stay."""
        names = self.cleaned_data.get("new_tags") or []
        ticked = {tag.pk for tag in self.cleaned_data.get("tags") or []}
        sent: Any = self.data
        shown = {int(pk) for pk in sent.getlist(self.add_initial_prefix("tags")) if is_id(pk)}
        made = find_or_make_tags(self.instance.company, names)
        tags = self.instance.tags
        tags.add(*(ticked - shown), *(tag.pk for tag in made))
        tags.remove(*(shown - ticked))
