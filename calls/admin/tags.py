"""Tags."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit.tenancy import TenantAdmin

from ..models import Tag
from .tag_colours import FAMILIES, draw_dot


@admin.register(Tag)
class TagAdmin(TenantAdmin):
    menu, menu_order = "settings", 40
    member_rights = operator_rights = frozenset({"view", "add", "change", "delete"})
    list_display = ("coloured", "its_calls")
    cells = {"coloured": "who", "its_calls": "num when"}
    search_fields = ("name__icontains",)
    fields = ("name", "color")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Its colour out of those that we draw; another one, which came over the API, can stay."""
        choices = [(f"{family}1", family.capitalize()) for family in FAMILIES]
        if obj is not None and obj.color not in dict(choices):
            choices.append((obj.color, obj.color))
        widgets = {"color": forms.Select(choices=choices)}
        return super().get_form(request, obj, change, widgets=widgets, **kwargs)

    @admin.display(description="name", ordering="name")
    def coloured(self, obj: Tag) -> str:
        return format_html("{} {}", draw_dot(obj.color), obj.name)

    @admin.display(description="calls")
    def its_calls(self, obj: Tag) -> str:
        return format_html('<a href="{}?tag={}">Show</a>', reverse("admin:calls_call_changelist"), obj.pk)
