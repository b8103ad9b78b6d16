"""The page on which people are merged and taken apart."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from subscriptions.admin.kit import times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button

from .. import merging
from ..models import Person
from ..people_search import find_main_rows


class OtherPerson(forms.Form):
    other = forms.CharField(label="The other person", max_length=254)

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_other(self) -> Person:
        mine = Person.objects.filter(company=self.person.company_id)
        found = find_main_rows(mine, self.cleaned_data["other"].replace("\x00", ""), [self.person.company.region])
        if not found:
            raise forms.ValidationError("Nobody has this number, address or id.")
        if found[0] == self.person.main.pk:
            raise forms.ValidationError("This is the same person already.")
        return mine.get(pk=found[0])


class MergingAdmin(ButtonsAdmin):
    buttons = ("merge",)

    @button("Merge or take apart…", opens_page=True, icon="users", more=True)
    def merge(self, request: HttpRequest, obj: Person) -> HttpResponse | None:
        person, who = obj.main, request.user.get_username()
        form = OtherPerson(person, request.POST if "other" in request.POST else None)
        other: Person | None = None
        try:
            if request.method == "POST" and "apart" in request.POST:
                return self._take_apart(request, person, who)
            if form.is_bound and form.is_valid():
                other = form.cleaned_data["other"]
                if other is not None and "sure" in request.POST:
                    merging.merge(person, other, by=who)
                    self.log_change(request, person, f"Merged with {other.resource_id}.")
                    self.message_user(request, "They are one person now.", messages.SUCCESS)
                    return HttpResponseRedirect(self.change_url(person.pk))
        except merging.CannotMerge as error:
            self.message_user(request, str(error), messages.ERROR)
            other = None
        made = merging.merges_of(person)
        for each in made:
            each.when = times.time_tag(each.made_at)  # type: ignore[attr-defined]
        return self.render_page(request, person, "merge_people.html", {"form": form, "other": other, "merges": made})

    def _take_apart(self, request: HttpRequest, person: Person, who: str) -> HttpResponse:
        wanted = request.POST["apart"]
        made = next((each for each in merging.merges_of(person) if str(each.pk) == wanted), None)
        if made is None:
            raise merging.CannotMerge("They were taken apart already.")
        merging.take_apart(made, by=who)
        self.log_change(request, person, f"Took apart from {made.merged.resource_id}.")
        self.message_user(request, f"{made.merged} is a person of their own again.", messages.SUCCESS)
        return HttpResponseRedirect(self.change_url(person.pk))
