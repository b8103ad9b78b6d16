"""Forms that neither offer nor accept rows of other companies. Part of TenantAdmin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from ...tenancy.access import access_of
from . import times
from .forms import DateTimeInputs, ExactTextField, StorableJSONField, TenantForm
from .rights import ScopedRows
from .searched_choices import SearchSelect, can_search, has_company, is_id, too_many, with_company


class ScopedForms(ScopedRows):
    form = TenantForm
    formfield_overrides = {
        models.TextField: {"form_class": ExactTextField},
        models.JSONField: {"form_class": StorableJSONField},
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": DateTimeInputs},
    }
    save_as = False
    add_words = ""  # what its "Add …" says where there is a better word
    add_one_at_a_time = False  # hides "save and add another" and "save and continue"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return self.with_company(request, obj, super().get_fieldsets(request, obj))

    def with_company(self, request: HttpRequest, obj: Any, fieldsets: Any) -> list[tuple[Any, Any]]:
        """Add the company at the top if the user has several."""
        (name, options), *rest = fieldsets
        access = access_of(request)
        fields = [field for field in options["fields"] if field != "company"]
        asked = access.several if obj is not None else access.only_company(self.writers) is None
        if self.has_company and asked:
            fields = ["company_name" if obj is not None else "company", *fields]
        return [(name, {**options, "fields": fields}), *rest]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*super().get_readonly_fields(request, obj), "company_name"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        if obj is None and self.has_company:
            form.given_company = access_of(request).only_company(self.writers)
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs.get("change") or self.add_one_at_a_time:
            context = {"show_save_and_add_another": False, **context}
        if self.add_one_at_a_time:
            context = {"show_save_and_continue": False, **context}
        if kwargs.get("change") and context["subtitle"]:
            context |= {"title": self.page_title(kwargs["obj"]), "subtitle": None}
        elif not kwargs.get("change") and self.add_words:
            context["title"] = self.add_words
        return super().render_change_form(request, context, *args, **kwargs)

    def page_title(self, obj: Any) -> str:
        """What its page is called: a name, as people say it."""
        return str(obj)

    def choosable(self, request: HttpRequest, model: type[models.Model]) -> QuerySet[Any]:
        """The rows of a related model that the user may choose. None if the model has no tenant-scoped page."""
        access, rows = access_of(request), model._default_manager.all()
        if access.all_companies:
            return rows
        related_admin = self.admin_site._registry.get(model)
        if isinstance(related_admin, ScopedRows):
            return access.limit(rows, related_admin.company_path, writing=True, by=self.writers)
        if model is get_user_model():
            return access.limit(rows, "memberships__company", writing=True).distinct()
        return rows.none()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return self._scoped_field(super().formfield_for_foreignkey, db_field, request, kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return self._scoped_field(super().formfield_for_manytomany, db_field, request, kwargs)

    def _scoped_field(self, make: Any, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> Any:
        # Django also validates a POST against this queryset.
        rows = self.choosable(request, db_field.remote_field.model)
        belongs = has_company(rows.model)
        if belongs:
            rows = rows.select_related("company").defer("company__signing_key")
        if isinstance(db_field, models.ForeignKey) and can_search(rows.model) and too_many(rows):
            kwargs = {**kwargs, "widget": SearchSelect(db_field)}
        field = make(db_field, request, **{**kwargs, "queryset": rows})
        if belongs and isinstance(field, forms.ModelChoiceField) and access_of(request).several:
            field.label_from_instance = with_company  # type: ignore[assignment, method-assign]
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if field is not None and isinstance(widget, RelatedFieldWidgetWrapper):
            field.widget = widget.widget
        if isinstance(db_field, models.DateTimeField) and field is not None:
            field.help_text = f"{field.help_text} In {times.name_zone()}.".strip()
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        return {name: value for name, value in initial.items() if self._may_begin_with(request, name, value)}

    def _may_begin_with(self, request: HttpRequest, name: str, value: Any) -> bool:
        if not _has_field(self.model, name):
            return False
        field = self.opts.get_field(name)
        if not field.is_relation:
            return not isinstance(field, models.DateTimeField)  # its widget needs a datetime, not text
        ids = {str(one) for one in (value if isinstance(value, list) else [value])}
        related: Any = field.related_model
        return all(map(is_id, ids)) and self.choosable(request, related).filter(pk__in=ids).count() == len(ids)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save only changed columns, because another user may have changed others since the row was read."""
        if not change:
            obj.save()
            return
        names = {name for name in form.changed_data if _is_column(self.model, name)}
        names |= {name for name in self.set_with(form.changed_data) if names}
        if names:
            touched = {field.name for field in self.opts.concrete_fields if getattr(field, "auto_now", False)}
            obj.save(update_fields=names | touched)

    def set_with(self, changed: list[str]) -> set[str]:
        """More columns to save together with these."""
        return set()


def _has_field(model: type[models.Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _is_column(model: type[models.Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)
