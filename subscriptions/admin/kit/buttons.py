"""Buttons on the page of a row. They need POST, unless the button opens a page first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from .tenancy import TenantAdmin

Handler = Callable[..., HttpResponse | None]


@dataclass(frozen=True)
class Button:
    """A button for the template. With `opens_page` it is a link. `primary`: the one thing to do on this page. `more`:
    it stands under “More”."""

    name: str
    label: str
    url: str
    opens_page: bool
    icon: str = ""
    primary: bool = False
    more: bool = False


def button(
    label: str,
    *,
    opens_page: bool = False,
    confirms: bool = False,
    icon: str = "",
    primary: bool = False,
    more: bool = False,
) -> Callable[[Handler], Handler]:
    """Turn a method of a ButtonsAdmin into a button. It takes the request and the row, and may return a response.
    `confirms`: it asks who it is again, if the last time is a while ago."""

    def mark(method: Handler) -> Handler:
        method.label, method.opens_page = label, opens_page  # type: ignore[attr-defined]
        method.confirms = confirms  # type: ignore[attr-defined]
        method.icon, method.primary, method.more = icon, primary, more  # type: ignore[attr-defined]
        return method

    return mark


class ButtonsAdmin(TenantAdmin):
    buttons: tuple[str, ...] = ()

    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        """The names in `buttons` that apply to the row now."""
        return self.buttons

    def get_urls(self) -> list[URLPattern]:
        mine = []
        for name in self.buttons:
            view = update_wrapper(partial(self._press, name=name), self._press)
            mine.append(path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=self._url(name)))
        return [*mine, *super().get_urls()]

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        shown = []
        if self.has_operate_permission(request, obj):
            shown = [self._button(request, name, obj) for name in self.buttons_for(request, obj)]
        return {**super().page_context(request, obj), "buttons": shown}

    def render_page(self, request: HttpRequest, obj: Any, template: str, context: dict[str, Any]) -> HttpResponse:
        """Render a page about the row, such as a confirmation or a secret."""
        return TemplateResponse(
            request,
            f"admin/{template}" if "/" in template else f"admin/callhooks/{template}",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": obj,
                "title": f"{getattr(request, 'pressed', '')}: {obj}".removeprefix(": "),
                "change_url": self.change_url(obj.pk),
                "preserved_filters": self.get_preserved_filters(request),
                **context,
            },
        )

    def refuse_unless_read(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        """For read-only pages: None for GET and HEAD, else the response to return."""
        if request.method in ("GET", "HEAD"):
            return None
        if not self.has_operate_permission(request, obj):
            raise PermissionDenied
        return HttpResponseNotAllowed(["GET"])

    def _press(self, request: HttpRequest, object_id: str, *, name: str) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
            return missing
        if not self.has_operate_permission(request, obj):
            raise PermissionDenied
        method = getattr(self, name)
        request.pressed = method.label.rstrip("…")  # type: ignore[attr-defined]
        if request.method != "POST" and not method.opens_page:
            return HttpResponseNotAllowed(["POST"])
        if (method.confirms or self.confirms) and (page := self.ask_identity(request)):
            return page
        with transaction.atomic():
            answer = method(request, obj)
        return answer or HttpResponseRedirect(self._with_filters(request, self.change_url(obj.pk)))

    def _button(self, request: HttpRequest, name: str, obj: Any) -> Button:
        method = getattr(self, name)
        url = reverse(f"admin:{self._url(name)}", args=[quote(obj.pk)])
        url = self._with_filters(request, url)
        return Button(name, method.label, url, method.opens_page, method.icon, method.primary, method.more)

    def _with_filters(self, request: HttpRequest, url: str) -> str:
        """Keep the filters of the list in the URL."""
        kept = self.get_preserved_filters(request)
        return f"{url}?{kept}" if kept else url

    def _url(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"
