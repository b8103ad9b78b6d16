"""The admin site: who may open which page, the menu, and the time zone of pages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from functools import partial, update_wrapper
from typing import Any, cast

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from .deletions import preview_deletion
from .security.invitation import invitation_page
from .security.login_form import LoginForm
from .security.models import get_second_factor
from .security.password_change import password_change_page
from .security.reauthentication import ask
from .security.second_factor import second_factor_page
from .version import VERSION


class OperatorsOnly:
    """For pages that are not limited to a company: superusers only, whatever permissions others have."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_operator(request) and super().has_view_permission(request, obj)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return _is_operator(request) and super().has_add_permission(request, *args)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_operator(request) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_operator(request) and super().has_delete_permission(request, obj)  # type: ignore[misc]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    # Users, groups and all else of operators: every change asks who it is again, if the last time is a while ago.
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask(request, self.admin_site) or super().changeform_view(request, *args, **kwargs)  # type: ignore[misc,attr-defined]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask(request, self.admin_site) or super().changelist_view(request, *args, **kwargs)  # type: ignore[misc,attr-defined]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask(request, self.admin_site) or super().delete_view(request, *args, **kwargs)  # type: ignore[misc,attr-defined]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        rows = list(objs)
        if not rows:
            return [], {}, set(), []
        listed, counts, forbidden = preview_deletion(rows)
        may_delete = all(self.has_delete_permission(request, row) for row in rows)
        return listed, counts, set() if may_delete else {str(self.opts.verbose_name)}, forbidden  # type: ignore[attr-defined]

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask(request, self.admin_site) or super().user_change_password(request, *args, **kwargs)  # type: ignore[misc,attr-defined]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _audit(request, "Added", obj)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _audit(request, "Changed", obj)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            _audit(request, "Removed", obj)
        return super().log_deletions(request, queryset)  # type: ignore[misc]


class CallhooksAdminSite(AdminSite):
    site_header = "Callhooks"
    site_title = "Callhooks"
    index_title = "Your webhooks"
    site_url = None
    empty_value_display = "–"
    login_form = LoginForm
    login_template = "security/login.html"

    def ask_identity(self, request: HttpRequest) -> HttpResponse | None:
        """The page that asks who it is again, or None if the request may go on."""
        return ask(request, self)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        response = super().logout(request, extra_context)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return password_change_page(request, self, extra_context)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and _passed_second_factor(request.user)

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Pages that are not limited to companies are for operators, whichever app registers them."""
        admin_class = admin_class or ModelAdmin
        if not getattr(admin_class, "tenant_scoped", False):
            admin_class = type(admin_class.__name__, (OperatorsOnly, admin_class), {})
        super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # "View on site" redirects to any row of any model, and we do not use it.
        urls = [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]
        page = self.admin_view(partial(second_factor_page, site=self))
        # Without login: new members open it.
        invited = partial(invitation_page, site=self)
        from callhooks_site.activity import urls as activity
        from callhooks_site.guide import page as guide
        from callhooks_site.reports import page as reports
        from subscriptions.admin import event_catalogue, own_settings, service_page

        return [
            path("two-step-login/", page, name="second_factor"),
            path("invitation/<str:token>/", invited, name="invitation"),
            path("unsubscribe/<str:token>/", self._unsubscribe, name="unsubscribe"),
            *event_catalogue.urls(self),
            *service_page.urls(self),
            *own_settings.urls(self),
            *reports.urls(self),
            *activity.urls(self),
            *guide.urls(self),
            *urls,
        ]

    @staticmethod
    @csrf_exempt  # mail programs post here; the token authorizes them
    def _unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
        from django.contrib import admin

        from subscriptions.admin.unsubscribe import unsubscribe_page

        return unsubscribe_page(request, token, admin.site)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Pages use the time zone of the user's company, or of the row that is shown."""

        def in_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            from subscriptions.tenancy.access import access_of

            with timezone.override(zoneinfo.ZoneInfo(access_of(request).zone)):
                response: HttpResponse = view(request, *args, **kwargs)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return super().admin_view(update_wrapper(in_zone, view), cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from subscriptions.admin import frame
        from subscriptions.admin.kit import times

        shown: dict[str, Any] = {"shown_zone": times.name_zone(), "version": VERSION}
        if self.has_permission(request):
            shown |= frame.frame_context(self, request)
        return {**super().each_context(request), **shown}

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        from subscriptions.admin.kit.searched_choices import ScopedAutocomplete

        answer: Any = ScopedAutocomplete.as_view(admin_site=self)(request)
        return cast(HttpResponse, answer)

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """For operators only. Members see on the home page what `recent_actions` selects."""
        return super().get_log_entries(request) if _is_operator(request) else LogEntry.objects.none()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from subscriptions.admin import home
        from subscriptions.admin.recent_actions import list_recent_actions

        company = home.shown_company(request)
        zone = zoneinfo.ZoneInfo(company.time_zone) if company else timezone.get_current_timezone()
        with timezone.override(zone):
            context = {
                "recent": list_recent_actions(self, request),
                "quiet": home.why_quiet(request),
                **home.context(request),
                **(extra_context or {}),
            }
            response = super().index(request, context)
            response.render()
            return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Django's list of apps and models, which our templates do not show: the menu is in `frame`."""
        return super().get_app_list(request, app_label) if app_label else []


def _passed_second_factor(user: Any) -> bool:
    """Whether a user of two-step login has entered a code. A session from before they turned it on has not."""
    if not hasattr(user, "is_complete"):
        user.is_complete = user.is_verified() or get_second_factor(user) is None
    return bool(user.is_complete)


def _is_operator(request: HttpRequest) -> bool:
    user = request.user
    return bool(user.is_active and user.is_staff and getattr(user, "is_superuser", False))


def _audit(request: HttpRequest, act: str, obj: Model) -> None:
    from subscriptions.tenancy import audit_log

    audit_log.record(audit_log.Actor.person(request.user), act, obj)
